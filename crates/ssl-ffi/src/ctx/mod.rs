//! The object behind `SSL_CTX`: settings that connections start with, and what they share.
//!
//! Owns the trust store, the context-wide callbacks and the session cache. May be used by many threads
//! at once: every lock here is held for a look or a change and never while C code runs.

pub(crate) mod hooks;
mod peers;
pub(crate) mod sessions;

use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use ssl_record::{Context, Side};

use self::hooks::ContextHooks;
use self::peers::Peers;
use self::sessions::ContextSessions;
use crate::crypto::exdata::{Class, ExData};
use crate::crypto::{VerifyParam, X509Store};
use crate::method::Method;
use crate::settings::Settings;
use crate::settings::authorities::Names;
use crate::settings::certificates::Chain;
use crate::settings::holder::Holder;
use crate::settings::security::Judge;

/// `SSL_CTX`.
pub(crate) struct Ctx {
    method: AtomicPtr<Method>,
    shared: RwLock<Shared>,
    /// Depth, purpose, host, flags: the application changes them through a pointer to this very object.
    pub(crate) param: VerifyParam,
    /// The engine's context of each side, made when first needed.
    engines: [OnceLock<Context>; 2],
    pub(crate) sessions: ContextSessions,
    pub(crate) peers: Peers,
    pub(crate) ex_data: ExData,
}

/// What the lock guards.
struct Shared {
    settings: Arc<Settings>,
    names: Names,
    hooks: ContextHooks,
    store: X509Store,
    extra_chain: Chain,
}

impl Ctx {
    /// A context as `SSL_CTX_new` makes it; `None`, with an entry queued, if libcrypto is out of memory.
    pub(crate) fn new(method: &'static Method) -> Option<Arc<Self>> {
        let ctx = Arc::new(Self {
            method: AtomicPtr::new(std::ptr::from_ref(method).cast_mut()),
            shared: RwLock::new(Shared {
                settings: Arc::new(Settings::new()),
                names: Names::empty(),
                hooks: ContextHooks::default(),
                store: X509Store::new()?,
                extra_chain: Chain::default(),
            }),
            param: VerifyParam::new()?,
            engines: [OnceLock::new(), OnceLock::new()],
            sessions: ContextSessions::new(),
            peers: Peers::default(),
            ex_data: ExData::empty(),
        });
        let address = Arc::as_ptr(&ctx).cast_mut();
        // SAFETY: the callbacks of this class expect a context.
        let filled = unsafe { ctx.ex_data.fill(Class::SslCtx, address.cast()) };
        filled.then_some(ctx)
    }

    pub(crate) fn method(&self) -> &'static Method {
        // SAFETY: only addresses of `'static` methods are ever stored.
        unsafe { &*self.method.load(Ordering::Relaxed) }
    }

    pub(crate) fn set_method(&self, method: &'static Method) {
        self.method
            .store(std::ptr::from_ref(method).cast_mut(), Ordering::Relaxed);
    }

    /// The settings as they are now; what the context changes later is not seen there.
    pub(crate) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.read().settings)
    }

    /// Looks at the settings; `look` must not call C.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&Settings) -> T) -> T {
        look(&self.read().settings)
    }

    /// Changes the settings that connections made from now on start with.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Settings) -> T) -> T {
        change(Arc::make_mut(&mut self.write().settings))
    }

    /// The context-wide callbacks, copied out so that they can be called.
    pub(crate) fn hooks(&self) -> ContextHooks {
        self.read().hooks
    }

    pub(crate) fn change_hooks<T>(&self, change: impl FnOnce(&mut ContextHooks) -> T) -> T {
        change(&mut self.write().hooks)
    }

    /// The trust store; the application may change it at any time, also through its own pointer.
    pub(crate) fn store(&self) -> X509Store {
        self.read().store.clone()
    }

    pub(crate) fn set_store(&self, store: X509Store) {
        // The old one is dropped outside the lock: freeing it may call back.
        let old = std::mem::replace(&mut self.write().store, store);
        drop(old);
    }

    /// What is sent behind a certificate without a chain of its own.
    pub(crate) fn extra_chain(&self) -> Chain {
        self.read().extra_chain.clone()
    }

    pub(crate) fn change_extra_chain<T>(&self, change: impl FnOnce(&mut Chain) -> T) -> T {
        change(&mut self.write().extra_chain)
    }

    /// The engine's context for connections of `side`.
    pub(crate) fn engine(&self, side: Side) -> &Context {
        let index = match side {
            Side::Client => 0,
            Side::Server => 1,
        };
        // No buffers are kept back: libcrypto's allocator has them, where the application can see them.
        self.engines[index].get_or_init(|| Context::delegated(side, 0))
    }

    fn read(&self) -> RwLockReadGuard<'_, Shared> {
        self.shared.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Shared> {
        self.shared.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Holder for Ctx {
    fn look<T>(&self, look: impl FnOnce(&Settings) -> T) -> T {
        self.with(look)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Settings) -> T) -> T {
        Self::change(self, change)
    }

    fn with_names<T>(&self, work: impl FnOnce(&mut Names) -> T) -> T {
        work(&mut self.write().names)
    }

    fn trust_store(&self) -> X509Store {
        self.store()
    }

    fn judge(&self) -> Judge {
        let security = self.with(|settings| settings.security);
        Judge::of_ctx(security, std::ptr::from_ref(self))
    }
}

impl Drop for Ctx {
    fn drop(&mut self) {
        // The application hears of each, and may look at the context's data.
        self.flush_sessions(0);
        let address = std::ptr::from_mut(self);
        // SAFETY: as when it was filled; the object is still whole.
        unsafe { self.ex_data.release(Class::SslCtx, address.cast()) };
    }
}
