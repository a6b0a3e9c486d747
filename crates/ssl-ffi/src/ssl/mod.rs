//! The object behind `SSL`: one connection, from its first setting to its last alert.
//!
//! Owns what a C program can see of a connection. The engine (`ssl_record::Connection`) is taken out
//! while a call drives it, so that callbacks may call back: whatever they ask is answered from this
//! object, and a second driving call is refused instead of meeting a second `&mut`.

mod baton;
pub(crate) mod bios;
mod decide;
pub(crate) mod drive;
pub(crate) mod early;
pub(crate) mod error;
mod extensions;
mod facts;
mod handshake;
pub(crate) mod io;
mod job;
mod keylog;
mod lanes;
pub(crate) mod offer;
pub(crate) mod plan;
mod sessions;
mod shutdown;
mod signature;
mod staple;
pub(crate) mod state;
mod story;
pub(crate) mod suitability;
mod tap;
mod transient;

use std::cell::{Cell, Ref, RefCell};
use std::sync::Arc;

use ssl_mode::SslMode;
use ssl_record::{Connection, MessageTap, Side, Tapped};

use self::baton::Baton;
pub(crate) use self::baton::Held;
use self::bios::Bios;
use self::decide::Progress;
pub(crate) use self::error::Want;
pub(crate) use self::facts::{Facts, Offered};
use self::job::Jobs;
use self::keylog::KeyLines;
use self::lanes::Lanes;
use self::sessions::Sessions;
use self::state::State;
use self::story::Story;
use self::transient::Transient;
use crate::crypto::exdata::{Class, ExData};
use crate::crypto::{VerifyParam, X509Store};
use crate::ctx::Ctx;
use crate::method::Method;
use crate::report::{self, Tally};
use crate::settings::Settings;
use crate::settings::authorities::Names;
use crate::settings::callbacks::InfoCallback;
use crate::settings::certificates::KeyKind;
use crate::settings::holder::Holder;
use crate::settings::security::Judge;

/// `SSL`.
///
/// OpenSSL demands of its callers that one thread at a time uses it. What programs do all the same, to read
/// in one thread and write in another, works: every entry point holds the [`Baton`], which is put aside
/// while a BIO works.
pub(crate) struct Ssl {
    ctx: RefCell<Arc<Ctx>>,
    /// The context it was made from: sessions stay there when SNI switches to another.
    session_ctx: RefCell<Arc<Ctx>>,
    method: Cell<&'static Method>,
    /// Its context's, until it changes something.
    settings: RefCell<Arc<Settings>>,
    /// Its own lists, and its own callback; its context's count where there is none.
    names: RefCell<Names>,
    pub(crate) info: Cell<Option<InfoCallback>>,
    /// The application changes it through a pointer to this very object.
    pub(crate) param: VerifyParam,
    pub(crate) ex_data: ExData,
    side: Cell<Option<Side>>,
    pub(crate) bios: Bios,
    /// The last obstacle (`SSL_want`).
    want: Cell<Want>,
    /// Absent before the first call that needs it, and while a call drives it.
    engine: RefCell<Option<Box<Connection>>>,
    stage: Cell<Stage>,
    /// `SSL_SENT_SHUTDOWN`, `SSL_RECEIVED_SHUTDOWN`.
    shutdown: Cell<i32>,
    /// The last warning alert received; 0, which is close_notify, at first (statement R19).
    warning: Cell<u8>,
    /// The name for SNI that a client asks for, or that a server was asked for.
    pub(crate) host_name: RefCell<Option<std::ffi::CString>>,
    /// What is known of the peer and of what was agreed.
    facts: RefCell<Facts>,
    /// How far the decisions of this handshake have come.
    progress: RefCell<Transient<Progress>>,
    /// The place of the certificate that this handshake shows.
    shown: Cell<Option<KeyKind>>,
    pub(crate) verify_result: Cell<i64>,
    sessions: Sessions,
    early: early::Early,
    key_lines: KeyLines,
    /// The engine keeps notes for the message callback.
    tapped: Cell<MessageTap>,
    /// What the info callback was told.
    story: Cell<Story>,
    /// What it was not told yet, and whether that waits for the judgement of a certificate.
    untold: RefCell<Vec<Tapped>>,
    story_waits: Cell<bool>,
    pub(crate) tally: Tally,
    /// Post-handshake messages that the engine has handled, as last seen.
    handled: Cell<u64>,
    /// Calls that run in libcrypto's jobs.
    jobs: Jobs,
    /// The application has nothing left of it.
    has_left: Cell<bool>,
    /// Held by whoever looks at the connection.
    baton: Baton,
    /// Which calls are under way.
    lanes: Lanes,
    /// A call has taken the engine out.
    is_out: Cell<bool>,
    /// Counts how often the connection was cleared: an engine of an earlier life is of no use.
    life: Cell<u32>,
}

/// `SSL_SENT_SHUTDOWN`.
pub(crate) const SENT: i32 = 1;
/// `SSL_RECEIVED_SHUTDOWN`.
pub(crate) const RECEIVED: i32 = 2;

/// How far the connection has come, as callbacks see it while the engine is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nothing happened yet.
    Before,
    Handshaking,
    Established,
    /// A fatal error happened.
    Dead,
}

impl Ssl {
    /// A connection with the context's settings, as `SSL_new` makes it; `None`, with an entry queued, if
    /// libcrypto is out of memory.
    pub(crate) fn new(ctx: &Arc<Ctx>) -> Option<Arc<Self>> {
        let param = VerifyParam::new()?;
        param.inherit(&ctx.param);
        Self::build(ctx, ctx.settings(), param)
    }

    fn build(ctx: &Arc<Ctx>, settings: Arc<Settings>, param: VerifyParam) -> Option<Arc<Self>> {
        let method = ctx.method();
        // One user at a time is the contract with C; the `Arc` is there for its count.
        #[allow(clippy::arc_with_non_send_sync, reason = "see the type's contract")]
        let ssl = Arc::new(Self {
            ctx: RefCell::new(Arc::clone(ctx)),
            session_ctx: RefCell::new(Arc::clone(ctx)),
            method: Cell::new(method),
            settings: RefCell::new(settings),
            names: RefCell::default(),
            info: Cell::new(None),
            param,
            ex_data: ExData::empty(),
            side: Cell::new(method.side),
            bios: Bios::default(),
            want: Cell::new(Want::Nothing),
            engine: RefCell::new(None),
            stage: Cell::new(Stage::Before),
            shutdown: Cell::new(0),
            warning: Cell::new(0),
            host_name: RefCell::new(None),
            facts: RefCell::new(Facts::default()),
            progress: RefCell::default(),
            shown: Cell::new(None),
            verify_result: Cell::new(0),
            sessions: Sessions::default(),
            early: early::Early::default(),
            key_lines: KeyLines::default(),
            tapped: Cell::new(MessageTap::Off),
            story: Cell::new(Story::default()),
            untold: RefCell::new(Vec::new()),
            story_waits: Cell::new(false),
            tally: Tally::default(),
            handled: Cell::new(0),
            jobs: Jobs::default(),
            has_left: Cell::new(false),
            baton: Baton::default(),
            lanes: Lanes::default(),
            is_out: Cell::new(false),
            life: Cell::new(0),
        });
        // SAFETY: the callbacks of this class expect a connection.
        let filled = unsafe { ssl.ex_data.fill(Class::Ssl, ssl.as_ptr().cast()) };
        filled.then_some(ssl)
    }

    /// Takes the baton, for as long as an entry point runs.
    pub(crate) fn take_baton(&self) -> Held<'_> {
        self.baton.take()
    }

    /// Its C pointer, for callbacks.
    pub(crate) fn as_ptr(&self) -> *mut Self {
        std::ptr::from_ref(self).cast_mut()
    }

    pub(crate) fn ctx(&self) -> Arc<Ctx> {
        Arc::clone(&self.ctx.borrow())
    }

    pub(crate) fn session_ctx(&self) -> Arc<Ctx> {
        Arc::clone(&self.session_ctx.borrow())
    }

    pub(crate) fn method(&self) -> &'static Method {
        self.method.get()
    }

    pub(crate) fn set_method(&self, method: &'static Method) {
        self.method.set(method);
    }

    /// Looks at the settings. The borrow must end before C is called.
    pub(crate) fn settings(&self) -> Ref<'_, Settings> {
        Ref::map(self.settings.borrow(), |settings| &**settings)
    }

    /// The settings as they are now, for as long as C is called.
    pub(crate) fn shared_settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.borrow())
    }

    /// Changes the settings; `change` must not call C.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Settings) -> T) -> T {
        change(Arc::make_mut(&mut self.settings.borrow_mut()))
    }

    pub(crate) fn mode(&self) -> SslMode {
        self.settings.borrow().modes
    }

    pub(crate) fn side(&self) -> Option<Side> {
        self.side.get()
    }

    /// What was negotiated so far, and with whom.
    pub(crate) fn facts(&self) -> Ref<'_, Facts> {
        self.facts.borrow()
    }

    pub(crate) fn stage(&self) -> Stage {
        self.stage.get()
    }

    pub(crate) fn want(&self) -> Want {
        self.want.get()
    }

    /// Looks at the engine, if it is here: not before it is needed, and not from a callback.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Connection) -> T) -> Option<T> {
        self.engine.try_borrow().ok()?.as_deref().map(look)
    }

    /// Changes the engine, under the same condition.
    pub(crate) fn touch<T>(&self, touch: impl FnOnce(&mut Connection) -> T) -> Option<T> {
        self.engine.try_borrow_mut().ok()?.as_deref_mut().map(touch)
    }

    /// Writes the connection's line of the mode report.
    fn report(&self) {
        let version = match self.facts.borrow().version {
            Some(crate::method::TLS1_3) => "TLSv1.3",
            Some(_) => "TLSv1.2",
            None => "none",
        };
        self.tally.end(&report::Identity {
            side: if self.is_server() { "server" } else { "client" },
            version,
            modes: self.mode(),
            buffers_released: self.look(Connection::buffers_released).unwrap_or_default(),
        });
    }

    /// Gives up what the application gave, and lets it do the same. Once, at the end.
    fn take_leave(&self) {
        if self.has_left.replace(true) {
            return;
        }
        if report::is_on() {
            self.report();
        }
        self.retire_unclosed_session();
        // SAFETY: as when it was filled; the object is still whole.
        unsafe { self.ex_data.release(Class::Ssl, self.as_ptr().cast()) };
        self.bios.set_write(None);
        self.bios.set_read(None);
    }

    /// `SSL_is_init_finished`.
    pub(crate) fn is_init_finished(&self) -> bool {
        !self.in_init() && self.state() == State::OK
    }

    /// `SSL_in_init` (statement G53).
    pub(crate) fn in_init(&self) -> bool {
        if let Some(in_init) = self.story.get().in_init {
            return in_init;
        }
        self.look(|engine| engine.in_init() || engine.is_amid_message())
            .unwrap_or_else(|| self.stage.get() != Stage::Established)
    }
}

impl Ssl {
    /// `SSL_set_retry_verify`: the verification callback wants to be asked again later.
    pub(crate) fn retry_verification(&self) {
        self.want.set(Want::RetryVerify);
    }

    /// On servers, makes the certificate current that this handshake shows; false if there is none yet.
    pub(crate) fn select_shown(&self) -> bool {
        if let (true, Some(kind)) = (self.is_server(), self.shown.get()) {
            self.select(kind);
            return true;
        }
        false
    }
}

impl Holder for Ssl {
    fn look<T>(&self, look: impl FnOnce(&Settings) -> T) -> T {
        look(&self.settings())
    }

    fn change<T>(&self, change: impl FnOnce(&mut Settings) -> T) -> T {
        Self::change(self, change)
    }

    fn with_names<T>(&self, work: impl FnOnce(&mut Names) -> T) -> T {
        work(&mut self.names.borrow_mut())
    }

    fn trust_store(&self) -> X509Store {
        self.ctx().store()
    }

    fn judge(&self) -> Judge {
        self.strength()
    }
}

impl Drop for Ssl {
    fn drop(&mut self) {
        self.take_leave();
    }
}
