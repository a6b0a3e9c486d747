//! Declarations of libcrypto's functions that `openssl-sys` lacks.
//!
//! Owns prototypes and constants copied from no source but the public headers' facts. Calls nothing.

use std::ffi::{c_char, c_int, c_long, c_uchar, c_uint, c_ulong, c_void};

use openssl_sys::{
    BIO, BIO_METHOD, CRYPTO_EX_dup, CRYPTO_EX_free, CRYPTO_EX_new, ENGINE, ERR_STRING_DATA,
    EVP_CIPHER, EVP_MD, EVP_MD_CTX, EVP_PKEY, EVP_PKEY_CTX, HMAC_CTX, OPENSSL_STACK, OSSL_LIB_CTX,
    OSSL_PARAM, RSA, X509, X509_LOOKUP_METHOD, X509_NAME, X509_STORE, X509_STORE_CTX,
    X509_VERIFY_PARAM, pem_password_cb, stack_st_X509,
};

/// `SSL_verify_cb`: decides about one certificate of a chain.
pub(crate) type VerifyCallback = unsafe extern "C" fn(ok: c_int, ctx: *mut X509_STORE_CTX) -> c_int;

/// `CRYPTO_EX_DATA`, which openssl-sys declares without its fields. It is embedded in our objects.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct ExDataFields {
    pub(crate) ctx: *mut OSSL_LIB_CTX,
    pub(crate) stack: *mut c_void,
}

/// Compares two elements of a stack; each argument is the place of an element.
pub(crate) type CompareElements =
    unsafe extern "C" fn(one: *const *const c_void, other: *const *const c_void) -> c_int;

/// `ASYNC_JOB`.
pub(crate) enum AsyncJob {}

/// `ASYNC_WAIT_CTX`.
pub(crate) enum AsyncWaitCtx {}

/// `ASYNC_callback_fn`.
pub(crate) type AsyncWake = unsafe extern "C" fn(arg: *mut c_void) -> c_int;

/// `OSSL_STORE_CTX`.
pub(crate) enum Store {}

/// `OSSL_STORE_INFO`.
pub(crate) enum StoreInfo {}

/// `d2i_of_void`.
pub(crate) type Decode =
    unsafe extern "C" fn(*mut *mut c_void, *mut *const c_uchar, c_long) -> *mut c_void;
/// `i2d_of_void`.
pub(crate) type Encode = unsafe extern "C" fn(*const c_void, *mut *mut c_uchar) -> c_int;

/// `OPENSSL_LHASH`.
pub(crate) enum HashTable {}

/// `OPENSSL_LH_HASHFUNC`.
pub(crate) type HashElement = unsafe extern "C" fn(*const c_void) -> c_ulong;
/// `OPENSSL_LH_COMPFUNC`.
pub(crate) type CompareHashed = unsafe extern "C" fn(*const c_void, *const c_void) -> c_int;

unsafe extern "C" {
    // async.h
    pub(crate) fn ASYNC_start_job(
        job: *mut *mut AsyncJob,
        wait: *mut AsyncWaitCtx,
        result: *mut c_int,
        function: Option<unsafe extern "C" fn(*mut c_void) -> c_int>,
        args: *mut c_void,
        size: usize,
    ) -> c_int;
    pub(crate) fn ASYNC_get_current_job() -> *mut AsyncJob;
    pub(crate) fn ASYNC_WAIT_CTX_new() -> *mut AsyncWaitCtx;
    pub(crate) fn ASYNC_WAIT_CTX_free(wait: *mut AsyncWaitCtx);
    pub(crate) fn ASYNC_WAIT_CTX_set_callback(
        wait: *mut AsyncWaitCtx,
        callback: Option<AsyncWake>,
        arg: *mut c_void,
    ) -> c_int;
    pub(crate) fn ASYNC_WAIT_CTX_get_status(wait: *mut AsyncWaitCtx) -> c_int;
    pub(crate) fn ASYNC_WAIT_CTX_get_all_fds(
        wait: *mut AsyncWaitCtx,
        fds: *mut c_int,
        count: *mut usize,
    ) -> c_int;
    pub(crate) fn ASYNC_WAIT_CTX_get_changed_fds(
        wait: *mut AsyncWaitCtx,
        added: *mut c_int,
        added_count: *mut usize,
        deleted: *mut c_int,
        deleted_count: *mut usize,
    ) -> c_int;

    // bio.h
    pub(crate) fn BIO_up_ref(bio: *mut BIO) -> c_int;
    pub(crate) fn BIO_test_flags(bio: *const BIO, flags: c_int) -> c_int;
    pub(crate) fn BIO_next(bio: *mut BIO) -> *mut BIO;
    pub(crate) fn BIO_push(bio: *mut BIO, append: *mut BIO) -> *mut BIO;
    pub(crate) fn BIO_pop(bio: *mut BIO) -> *mut BIO;
    pub(crate) fn BIO_find_type(bio: *mut BIO, kind: c_int) -> *mut BIO;
    pub(crate) fn BIO_meth_set_callback_ctrl(
        method: *mut BIO_METHOD,
        f: Option<unsafe extern "C" fn(*mut BIO, c_int, Option<BioInfoCallback>) -> c_long>,
    ) -> c_int;
    pub(crate) fn BIO_callback_ctrl(
        bio: *mut BIO,
        cmd: c_int,
        callback: Option<BioInfoCallback>,
    ) -> c_long;
    pub(crate) fn BIO_get_shutdown(bio: *mut BIO) -> c_int;
    pub(crate) fn BIO_set_shutdown(bio: *mut BIO, shutdown: c_int);
    pub(crate) fn BIO_set_next(bio: *mut BIO, next: *mut BIO);
    pub(crate) fn BIO_copy_next_retry(bio: *mut BIO);
    pub(crate) fn BIO_s_connect() -> *const BIO_METHOD;
    pub(crate) fn BIO_dup_chain(bio: *mut BIO) -> *mut BIO;
    pub(crate) fn BIO_method_type(bio: *const BIO) -> c_int;
    pub(crate) fn BIO_get_retry_reason(bio: *mut BIO) -> c_int;
    pub(crate) fn BIO_set_retry_reason(bio: *mut BIO, reason: c_int);
    pub(crate) fn BIO_s_socket() -> *const BIO_METHOD;
    pub(crate) fn BIO_f_buffer() -> *const BIO_METHOD;
    pub(crate) fn BIO_dump_indent(
        bio: *mut BIO,
        bytes: *const c_void,
        length: c_int,
        indent: c_int,
    ) -> c_int;
    pub(crate) fn BIO_int_ctrl(bio: *mut BIO, cmd: c_int, larg: c_long, iarg: c_int) -> c_long;

    // err.h
    pub(crate) fn ERR_peek_error() -> c_ulong;
    pub(crate) fn ERR_set_mark() -> c_int;
    pub(crate) fn ERR_pop_to_mark() -> c_int;
    pub(crate) fn ERR_clear_last_mark() -> c_int;
    pub(crate) fn ERR_add_error_data(count: c_int, ...);
    pub(crate) fn ERR_load_strings_const(table: *const ERR_STRING_DATA) -> c_int;

    // conf.h, and of it what only libssl uses
    pub(crate) fn conf_ssl_name_find(name: *const c_char, index: *mut usize) -> c_int;
    pub(crate) fn conf_ssl_get(
        index: usize,
        name: *mut *const c_char,
        count: *mut usize,
    ) -> *const c_void;
    pub(crate) fn conf_ssl_get_cmd(
        list: *const c_void,
        index: usize,
        name: *mut *mut c_char,
        value: *mut *mut c_char,
    );

    // pem.h
    pub(crate) fn PEM_read_bio_Parameters(bio: *mut BIO, key: *mut *mut EVP_PKEY) -> *mut EVP_PKEY;

    // crypto.h
    pub(crate) fn OPENSSL_init_crypto(options: u64, settings: *const c_void) -> c_int;
    pub(crate) fn CRYPTO_new_ex_data(
        class: c_int,
        parent: *mut c_void,
        data: *mut ExDataFields,
    ) -> c_int;
    pub(crate) fn CRYPTO_dup_ex_data(
        class: c_int,
        to: *mut ExDataFields,
        from: *const ExDataFields,
    ) -> c_int;
    pub(crate) fn CRYPTO_free_ex_data(class: c_int, parent: *mut c_void, data: *mut ExDataFields);
    pub(crate) fn CRYPTO_set_ex_data(
        data: *mut ExDataFields,
        index: c_int,
        value: *mut c_void,
    ) -> c_int;
    pub(crate) fn CRYPTO_get_ex_data(data: *const ExDataFields, index: c_int) -> *mut c_void;
    pub(crate) fn CRYPTO_get_ex_new_index(
        class: c_int,
        argl: c_long,
        argp: *mut c_void,
        new: Option<CRYPTO_EX_new>,
        dup: Option<CRYPTO_EX_dup>,
        free: Option<CRYPTO_EX_free>,
    ) -> c_int;
    pub(crate) fn CRYPTO_free_ex_index(class: c_int, index: c_int) -> c_int;

    // evp.h, rsa.h, ec.h
    pub(crate) fn EVP_PKEY_get_base_id(key: *const EVP_PKEY) -> c_int;
    pub(crate) fn EVP_PKEY_get_group_name(
        key: *const EVP_PKEY,
        name: *mut c_char,
        size: usize,
        length: *mut usize,
    ) -> c_int;
    pub(crate) fn EVP_PKEY_get_default_digest_nid(key: *mut EVP_PKEY, nid: *mut c_int) -> c_int;
    pub(crate) fn EVP_DigestSignInit_ex(
        ctx: *mut EVP_MD_CTX,
        key_ctx: *mut *mut EVP_PKEY_CTX,
        digest: *const c_char,
        library: *mut OSSL_LIB_CTX,
        properties: *const c_char,
        key: *mut EVP_PKEY,
        parameters: *const OSSL_PARAM,
    ) -> c_int;
    pub(crate) fn EVP_DigestVerifyInit_ex(
        ctx: *mut EVP_MD_CTX,
        key_ctx: *mut *mut EVP_PKEY_CTX,
        digest: *const c_char,
        library: *mut OSSL_LIB_CTX,
        properties: *const c_char,
        key: *mut EVP_PKEY,
        parameters: *const OSSL_PARAM,
    ) -> c_int;
    pub(crate) fn EVP_Digest(
        data: *const c_void,
        length: usize,
        out: *mut u8,
        size: *mut c_uint,
        kind: *const EVP_MD,
        engine: *mut ENGINE,
    ) -> c_int;
    pub(crate) fn EC_curve_nist2nid(name: *const c_char) -> c_int;

    pub(crate) fn EVP_PKEY_is_a(key: *const EVP_PKEY, name: *const c_char) -> c_int;
    pub(crate) fn EVP_PKEY_missing_parameters(key: *const EVP_PKEY) -> c_int;
    pub(crate) fn EVP_PKEY_can_sign(key: *const EVP_PKEY) -> c_int;

    // params.h
    pub(crate) fn OSSL_PARAM_construct_utf8_string(
        key: *const c_char,
        text: *mut c_char,
        length: usize,
    ) -> OSSL_PARAM;

    // x509.h, x509_vfy.h
    pub(crate) fn X509_get_extension_flags(certificate: *mut X509) -> u32;
    pub(crate) fn X509_chain_check_suiteb(
        at: *mut c_int,
        leaf: *mut X509,
        chain: *mut stack_st_X509,
        flags: c_ulong,
    ) -> c_int;
    pub(crate) fn X509_verify_cert_error_string(error: c_long) -> *const c_char;
    pub(crate) fn X509_get_signature_info(
        certificate: *mut X509,
        digest: *mut c_int,
        key: *mut c_int,
        bits: *mut c_int,
        flags: *mut u32,
    ) -> c_int;
    pub(crate) fn X509_get0_pubkey(certificate: *const X509) -> *mut EVP_PKEY;
    pub(crate) fn X509_alias_get0(certificate: *mut X509, length: *mut c_int) -> *mut c_uchar;
    pub(crate) fn X509_keyid_get0(certificate: *mut X509, length: *mut c_int) -> *mut c_uchar;
    pub(crate) fn X509_get0_trust_objects(certificate: *mut X509) -> *mut OPENSSL_STACK;
    pub(crate) fn X509_get0_reject_objects(certificate: *mut X509) -> *mut OPENSSL_STACK;
    pub(crate) fn X509_get_ex_data(certificate: *const X509, index: c_int) -> *mut c_void;
    pub(crate) fn X509_check_private_key(certificate: *const X509, key: *const EVP_PKEY) -> c_int;
    pub(crate) fn X509_chain_up_ref(chain: *mut stack_st_X509) -> *mut stack_st_X509;
    pub(crate) fn X509_STORE_up_ref(store: *mut X509_STORE) -> c_int;
    pub(crate) fn X509_STORE_CTX_set_flags(ctx: *mut X509_STORE_CTX, flags: c_ulong);
    pub(crate) fn X509_STORE_CTX_set_default(
        ctx: *mut X509_STORE_CTX,
        name: *const c_char,
    ) -> c_int;
    pub(crate) fn X509_STORE_CTX_get0_param(ctx: *const X509_STORE_CTX) -> *mut X509_VERIFY_PARAM;
    pub(crate) fn X509_STORE_CTX_get1_chain(ctx: *const X509_STORE_CTX) -> *mut stack_st_X509;
    pub(crate) fn X509_STORE_CTX_set_ex_data(
        ctx: *mut X509_STORE_CTX,
        index: c_int,
        value: *mut c_void,
    ) -> c_int;
    pub(crate) fn X509_STORE_CTX_set_verify_cb(
        ctx: *mut X509_STORE_CTX,
        callback: Option<VerifyCallback>,
    );
    pub(crate) fn X509_STORE_CTX_set0_dane(ctx: *mut X509_STORE_CTX, dane: *mut c_void);
    pub(crate) fn X509_VERIFY_PARAM_set1(
        to: *mut X509_VERIFY_PARAM,
        from: *const X509_VERIFY_PARAM,
    ) -> c_int;
    pub(crate) fn X509_VERIFY_PARAM_inherit(
        to: *mut X509_VERIFY_PARAM,
        from: *const X509_VERIFY_PARAM,
    ) -> c_int;
    pub(crate) fn X509_VERIFY_PARAM_move_peername(
        to: *mut X509_VERIFY_PARAM,
        from: *mut X509_VERIFY_PARAM,
    );
    pub(crate) fn X509_VERIFY_PARAM_set_purpose(
        param: *mut X509_VERIFY_PARAM,
        purpose: c_int,
    ) -> c_int;
    pub(crate) fn X509_VERIFY_PARAM_set_trust(param: *mut X509_VERIFY_PARAM, trust: c_int)
    -> c_int;
    pub(crate) fn X509_VERIFY_PARAM_set1_ip_asc(
        param: *mut X509_VERIFY_PARAM,
        address: *const c_char,
    ) -> c_int;
    pub(crate) fn X509_VERIFY_PARAM_get1_ip_asc(param: *mut X509_VERIFY_PARAM) -> *mut c_char;
    pub(crate) fn X509_VERIFY_PARAM_add1_host(
        param: *mut X509_VERIFY_PARAM,
        name: *const c_char,
        length: usize,
    ) -> c_int;
    pub(crate) fn X509_VERIFY_PARAM_get0_peername(param: *const X509_VERIFY_PARAM)
    -> *const c_char;
    pub(crate) fn X509_STORE_load_file(store: *mut X509_STORE, file: *const c_char) -> c_int;
    pub(crate) fn X509_STORE_load_path(store: *mut X509_STORE, folder: *const c_char) -> c_int;
    pub(crate) fn X509_STORE_load_store(store: *mut X509_STORE, uri: *const c_char) -> c_int;
    pub(crate) fn X509_LOOKUP_store() -> *mut X509_LOOKUP_METHOD;
    pub(crate) fn X509_VERIFY_PARAM_get_depth(param: *const X509_VERIFY_PARAM) -> c_int;

    // ct.h
    pub(crate) fn CTLOG_STORE_free(store: *mut c_void);
    pub(crate) fn X509_NAME_get0_der(
        name: *const X509_NAME,
        der: *mut *const u8,
        length: *mut usize,
    ) -> c_int;
    pub(crate) fn d2i_PrivateKey_bio(bio: *mut BIO, into: *mut *mut EVP_PKEY) -> *mut EVP_PKEY;
    pub(crate) fn d2i_RSAPrivateKey_bio(bio: *mut BIO, into: *mut *mut RSA) -> *mut RSA;
    pub(crate) fn d2i_PrivateKey(
        kind: c_int,
        into: *mut *mut EVP_PKEY,
        der: *mut *const u8,
        length: c_long,
    ) -> *mut EVP_PKEY;

    // pem.h
    pub(crate) fn PEM_read_bio_X509_AUX(
        bio: *mut BIO,
        into: *mut *mut X509,
        password: pem_password_cb,
        arg: *mut c_void,
    ) -> *mut X509;
    pub(crate) fn PEM_ASN1_read_bio(
        decode: Option<Decode>,
        name: *const c_char,
        bio: *mut BIO,
        into: *mut *mut c_void,
        password: pem_password_cb,
        arg: *mut c_void,
    ) -> *mut c_void;
    pub(crate) fn PEM_ASN1_write_bio(
        encode: Option<Encode>,
        name: *const c_char,
        bio: *mut BIO,
        object: *const c_void,
        cipher: *const EVP_CIPHER,
        key: *const c_uchar,
        key_length: c_int,
        password: pem_password_cb,
        arg: *mut c_void,
    ) -> c_int;
    pub(crate) fn PEM_ASN1_read(
        decode: Option<Decode>,
        name: *const c_char,
        file: *mut libc::FILE,
        into: *mut *mut c_void,
        password: pem_password_cb,
        arg: *mut c_void,
    ) -> *mut c_void;
    pub(crate) fn PEM_ASN1_write(
        encode: Option<Encode>,
        name: *const c_char,
        file: *mut libc::FILE,
        object: *const c_void,
        cipher: *const EVP_CIPHER,
        key: *const c_uchar,
        key_length: c_int,
        password: pem_password_cb,
        arg: *mut c_void,
    ) -> c_int;

    // lhash.h
    pub(crate) fn OPENSSL_LH_new(
        hash: Option<HashElement>,
        compare: Option<CompareHashed>,
    ) -> *mut HashTable;
    pub(crate) fn OPENSSL_LH_insert(table: *mut HashTable, data: *mut c_void) -> *mut c_void;
    #[cfg(test)]
    pub(crate) fn OPENSSL_LH_retrieve(table: *mut HashTable, data: *const c_void) -> *mut c_void;
    pub(crate) fn OPENSSL_LH_flush(table: *mut HashTable);
    pub(crate) fn OPENSSL_LH_free(table: *mut HashTable);

    // hmac.h
    pub(crate) fn HMAC_size(ctx: *const HMAC_CTX) -> usize;

    // store.h
    pub(crate) fn OSSL_STORE_open(
        uri: *const c_char,
        ui: *const c_void,
        ui_data: *mut c_void,
        post_process: *const c_void,
        post_process_data: *mut c_void,
    ) -> *mut Store;
    pub(crate) fn OSSL_STORE_load(store: *mut Store) -> *mut StoreInfo;
    pub(crate) fn OSSL_STORE_eof(store: *mut Store) -> c_int;
    pub(crate) fn OSSL_STORE_error(store: *mut Store) -> c_int;
    pub(crate) fn OSSL_STORE_close(store: *mut Store) -> c_int;
    pub(crate) fn OSSL_STORE_INFO_get_type(info: *const StoreInfo) -> c_int;
    pub(crate) fn OSSL_STORE_INFO_get0_NAME(info: *const StoreInfo) -> *const c_char;
    pub(crate) fn OSSL_STORE_INFO_get0_CERT(info: *const StoreInfo) -> *mut X509;
    pub(crate) fn OSSL_STORE_INFO_free(info: *mut StoreInfo);

    // stack.h
    pub(crate) fn OPENSSL_sk_set_cmp_func(
        stack: *mut OPENSSL_STACK,
        compare: Option<CompareElements>,
    ) -> Option<CompareElements>;
    pub(crate) fn OPENSSL_sk_find(stack: *mut OPENSSL_STACK, data: *const c_void) -> c_int;
    pub(crate) fn OPENSSL_sk_dup(stack: *const OPENSSL_STACK) -> *mut OPENSSL_STACK;
    pub(crate) fn OPENSSL_sk_delete(stack: *mut OPENSSL_STACK, at: c_int) -> *mut c_void;
    pub(crate) fn OPENSSL_sk_insert(
        stack: *mut OPENSSL_STACK,
        data: *const c_void,
        at: c_int,
    ) -> c_int;
}

pub(crate) const BIO_C_SET_FD: c_int = 104;
pub(crate) const BIO_C_GET_FD: c_int = 105;
pub(crate) const BIO_CTRL_PENDING: c_int = 10;
pub(crate) const BIO_CTRL_WPENDING: c_int = 13;
pub(crate) const BIO_TYPE_SOCKET: c_int = 0x0505;
pub(crate) const BIO_TYPE_DESCRIPTOR: c_int = 0x0100;
/// The callback of `BIO_callback_ctrl` (`BIO_info_cb`).
pub(crate) type BioInfoCallback = unsafe extern "C" fn(*mut BIO, c_int, c_int) -> c_int;

pub(crate) const BIO_RR_SSL_X509_LOOKUP: c_int = 1;
pub(crate) const BIO_RR_CONNECT: c_int = 2;
pub(crate) const BIO_RR_ACCEPT: c_int = 3;
pub(crate) const ERR_LIB_SYS: c_int = 2;

pub(crate) const CRYPTO_EX_INDEX_X509_STORE_CTX: c_int = 5;

pub(crate) const EVP_PKEY_RSA_PSS: c_int = 912;

pub(crate) const BIO_C_SET_FILENAME: c_int = 108;
/// `BIO_CLOSE | BIO_FP_READ`.
pub(crate) const BIO_READ_AND_CLOSE: c_long = 1 | 2;

pub(crate) const ERR_LIB_PEM: c_int = 9;
pub(crate) const PEM_R_NO_START_LINE: c_int = 108;

pub(crate) const OSSL_STORE_INFO_NAME: c_int = 1;
pub(crate) const OSSL_STORE_INFO_CERT: c_int = 5;

pub(crate) const ASYNC_NO_JOBS: c_int = 1;
pub(crate) const ASYNC_PAUSE: c_int = 2;
pub(crate) const ASYNC_FINISH: c_int = 3;
