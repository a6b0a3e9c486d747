//! The handshake from the outside: who begins it, what the application is told of its progress, and
//! what is noted when it is over.
//!
//! Owns the stage. The decisions inside it are in `decide`.

use std::ffi::CStr;
use std::sync::Arc;

use ssl_record::{Connection, MessageTap, Side};

use super::drive::Stop;
use super::job::Call;
use super::lanes::Needs;
use super::story::Story;
use super::{Facts, Ssl, Stage, Want};
use crate::crypto::exdata::Class;
use crate::crypto::{VerifyParam, queue, queue::raise, reason};
use crate::ctx::Ctx;

impl Ssl {
    /// `SSL_do_handshake`: 1, or what the call returns instead.
    pub(crate) fn do_handshake(&self) -> i32 {
        if self.side().is_none() {
            raise(reason::CONNECTION_TYPE_NOT_SET);
            return -1;
        }
        if !self.in_init() {
            self.want.set(Want::Nothing);
            return 1;
        }
        self.leave_early();
        match self.in_job(Call::HANDSHAKE) {
            Ok(_) => 1,
            Err(Stop(ret)) => ret,
        }
    }

    pub(super) fn handshake_now(&self) -> Result<(), Stop> {
        self.driving(Needs::Both, |driven| {
            self.run(driven, Connection::step_handshake)
        })
        // A result of 0 would mean a shutdown.
        .map_err(|Stop(ret)| {
            Stop(if ret == 0 && self.stage() != Stage::Dead {
                0
            } else {
                -1
            })
        })
    }

    /// `SSL_set_connect_state` and `SSL_set_accept_state`: as new, for that side.
    pub(crate) fn begin_as(&self, side: Side) {
        self.side.set(Some(side));
        self.reset();
    }

    /// Sets the side of a connection that has none.
    pub(crate) fn set_side(&self, side: Side) {
        self.side.set(Some(side));
    }

    /// `SSL_is_server`: what the method says while nothing was chosen.
    pub(crate) fn is_server(&self) -> bool {
        self.side().unwrap_or(Side::Server) == Side::Server
    }

    /// Whether nothing of a connection has happened yet, so that it can be copied.
    pub(crate) fn is_fresh(&self) -> bool {
        self.stage() == Stage::Before && !self.lanes.are_used()
    }

    /// `SSL_dup` of a connection that has not begun: settings, side, BIOs and data are copied (statement
    /// M15).
    pub(crate) fn duplicate(&self) -> Option<Arc<Self>> {
        let param = VerifyParam::new()?;
        param.inherit(&self.param);
        let settings = Arc::clone(&self.settings.borrow());
        let copy = Self::build(&self.ctx(), settings, param)?;
        copy.names.replace(self.names.borrow().duplicate());
        copy.info.set(self.info.get());
        copy.session_ctx.replace(self.session_ctx());
        copy.method.set(self.method());
        copy.side.set(self.side());
        copy.shutdown.set(self.shutdown.get());
        copy.host_name.replace(self.host_name.borrow().clone());
        copy.replace_session(self.session());
        if !self.ex_data.copy_to(Class::Ssl, &copy.ex_data) {
            return None;
        }
        let read = self.bios.read().and_then(|bio| bio.duplicate_chain());
        let write = if self.bios.write_ptr() == self.bios.read_ptr() {
            read.clone()
        } else {
            self.bios.write().and_then(|bio| bio.duplicate_chain())
        };
        copy.bios.set_read(read);
        copy.bios.set_write(write);
        Some(copy)
    }

    /// `SSL_set_SSL_CTX`: from now on certificates, with what OpenSSL keeps beside them, and context-wide
    /// callbacks are the other context's; modes, options and groups stay (statement M16).
    pub(crate) fn switch_ctx(&self, ctx: Arc<Ctx>) {
        if Arc::ptr_eq(&self.ctx(), &ctx) {
            return;
        }
        let settings = ctx.settings();
        let old = self.change(|own| {
            own.cert_flags = settings.cert_flags;
            own.security = settings.security;
            own.hooks.cert = settings.hooks.cert;
            let lists = Arc::make_mut(&mut own.lists);
            lists.schemes.clone_from(&settings.lists.schemes);
            lists
                .client_schemes
                .clone_from(&settings.lists.client_schemes);
            if own.session_id_context == self.ctx().with(|was| was.session_id_context) {
                own.session_id_context = settings.session_id_context;
            }
            std::mem::replace(&mut own.certificates, Arc::clone(&settings.certificates))
        });
        // Outside the borrow: freeing a certificate may call back.
        drop(old);
        let old = self.ctx.replace(ctx);
        drop(old);
    }

    /// `SSL_set_tlsext_host_name`: NULL removes the name; so does an empty or too long one, which is
    /// refused.
    pub(crate) fn set_host_name(&self, name: Option<&CStr>) -> bool {
        self.host_name.replace(None);
        let Some(name) = name else { return true };
        if !(1..=255).contains(&name.to_bytes().len()) {
            raise(reason::SSL3_EXT_INVALID_SERVERNAME);
            return false;
        }
        self.host_name.replace(Some(name.to_owned()));
        true
    }

    /// `SSL_clear`: ready for another connection; settings stay (statements M17, W35).
    pub(crate) fn clear(&self) -> bool {
        if self.retire_unclosed_session() {
            self.replace_session(None);
        }
        self.reset();
        self.side.set(self.side().or(self.method().side));
        true
    }

    /// Forgets everything of the connection and nothing of its settings.
    pub(super) fn reset(&self) {
        if let Ok(mut engine) = self.engine.try_borrow_mut() {
            *engine = None;
        }
        self.life.set(self.life.get().wrapping_add(1));
        self.is_out.set(false);
        self.reset_job();
        self.reset_early();
        self.stage.set(Stage::Before);
        self.shutdown.set(0);
        self.warning.set(0);
        self.want.set(Want::Nothing);
        self.handled.set(0);
        self.tapped.set(MessageTap::Off);
        self.story.set(Story::default());
        self.story_waits.set(false);
        self.untold.take();
        self.facts.replace(Facts::default());
        self.forget_progress();
        self.shown.set(None);
        self.param.forget_peer_name();
        self.sessions.reset();
    }

    /// Makes the engine for the first call that needs it.
    pub(super) fn start(&self) -> Result<Box<Connection>, Stop> {
        let ctx = self.session_ctx();
        let made = match self.side() {
            Some(Side::Client) => {
                let plan = self.client_plan()?;
                Connection::delegated_client(ctx.engine(Side::Client), &plan)
            }
            _ => Connection::delegated_server(ctx.engine(Side::Server)),
        };
        match made {
            Ok(mut engine) => {
                self.configure(&mut engine);
                Ok(Box::new(engine))
            }
            Err(error) => {
                queue::raise_data(queue::common::INTERNAL_ERROR, &error.to_string());
                Err(Stop::FAILED)
            }
        }
    }

    /// The application changed a setting that the engine keeps for itself.
    pub(crate) fn reconfigure(&self) {
        self.touch(|engine| self.configure(engine));
    }

    /// Settings that the engine keeps for itself.
    fn configure(&self, engine: &mut Connection) {
        let settings = self.settings();
        let records = settings.records;
        engine.set_read_ahead(records.read_ahead);
        if records.read_buffer_len > 0 {
            engine.set_read_buffer_len(records.read_buffer_len);
        }
        engine.set_max_send_fragment(records.max_send_fragment);
        engine.set_split_send_fragment(records.split_send_fragment);
        engine.set_block_padding(records.block_padding);
        engine.set_quiet_shutdown(settings.quiet_shutdown);
        engine.set_ignore_unexpected_eof(
            settings.options & crate::settings::option::IGNORE_UNEXPECTED_EOF != 0,
        );
    }

    /// The state machine is entered: the first time, the application hears of it.
    pub(super) fn begin_stage(&self) {
        if self.stage.get() == Stage::Before {
            self.tell_start();
            self.stage.set(Stage::Handshaking);
            self.count_handshake();
            self.tell_first_look();
        }
    }

    /// The settings leave nothing to begin with.
    pub(super) fn stillborn(&self) {
        self.begin_stage();
        self.stage.set(Stage::Dead);
        self.tell_exit(-1);
    }

    /// The handshake, or a key update, is over; whether it is the handshake.
    pub(super) fn completed(&self, engine: &mut Connection) -> bool {
        let is_handshake = self.stage.get() == Stage::Handshaking;
        if is_handshake {
            self.note_negotiated(engine);
            self.stage.set(Stage::Established);
            self.complete_early();
            self.finish_session(engine);
            engine.forget_handshake();
            self.facts.borrow_mut().forget_hello();
            self.forget_progress();
        }
        is_handshake
    }

    /// Frees what is of use during a handshake only.
    fn forget_progress(&self) {
        let progress = self.progress.take();
        let wish = self.sessions.wish.take();
        // Outside the borrows: freeing a certificate may call back.
        drop((progress, wish));
    }

    /// Looks at the engine after a call, for what it changed by itself.
    pub(super) fn observe(&self, engine: &mut Connection) {
        if self.stage.get() == Stage::Established && !self.is_given_up() {
            let flags = super::shutdown::flags_of(engine.shutdown_state());
            self.shutdown.set(flags);
            self.take_sessions(engine);
        }
    }
}
