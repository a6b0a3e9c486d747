-- LuaSec: facts, a megabyte each way, names, protocols, verification, client certificates.
local socket = require "socket"
local ssl = require "ssl"

local pki, data = os.getenv "PKI", os.getenv "DATA"
local role, port = arg[1], tonumber(arg[2])
local versions = { "tlsv1_2", "tlsv1_3" }
local names = { tlsv1_2 = "TLSv1.2", tlsv1_3 = "TLSv1.3" }

local file = assert(io.open(data .. "/1m.bin", "rb"))
local bulk = file:read "a"
file:close()

local function check(what, found, expected)
  if found ~= expected then
    error(what .. ": " .. tostring(found) .. " instead of " .. tostring(expected), 2)
  end
end

local function server_context(version, name, more)
  local parameters = { mode = "server", protocol = version, certificate = pki .. "/" .. name .. ".pem",
    key = pki .. "/" .. name .. ".key", options = "all", verify = "none" }
  for key, value in pairs(more or {}) do parameters[key] = value end
  return assert(ssl.newcontext(parameters))
end

local function client_context(version, more)
  local parameters = { mode = "client", protocol = version, cafile = pki .. "/root.pem", verify = "peer",
    depth = 4, options = "all" }
  for key, value in pairs(more or {}) do parameters[key] = value end
  return assert(ssl.newcontext(parameters))
end

local function server()
  local listener = assert(socket.bind("127.0.0.1", port))
  for _, version in ipairs(versions) do
    local context = server_context(version, "rsa", { alpn = function(offered)
      for _, name in ipairs(offered) do if name == "echo" then return name end end
    end })
    for _, name in ipairs { "localhost", "alpha.test" } do
      local stream = assert(ssl.wrap(assert(listener:accept()), context))
      stream:sni({ ["alpha.test"] = server_context(version, "alpha") }, false)
      assert(stream:dohandshake())
      check("name", stream:getsniname(), name)
      check("version", stream:info "protocol", names[version])
      local received = assert(stream:receive(#bulk))
      check("bulk", received == bulk, true)
      assert(stream:send(received))
      stream:close()
    end
    local demand = server_context(version, "rsa", { verify = { "peer", "fail_if_no_peer_cert" }, cafile = pki .. "/root.pem", depth = 4 })
    local stream = assert(ssl.wrap(assert(listener:accept()), demand))
    assert(stream:dohandshake())
    check("verified", stream:getpeerverification(), true)
    check("subject", stream:getpeercertificate():subject()[1].value, "client")
    stream:send "welcome\n"
    stream:close()
    for _ = 1, 2 do
      local refused = assert(ssl.wrap(assert(listener:accept()), demand))
      check("refused", (refused:dohandshake()), false)
      refused:close()
    end
    local turned_away = assert(ssl.wrap(assert(listener:accept()), context))
    if turned_away:dohandshake() then turned_away:receive(1) end
    turned_away:close()
  end
end

local function connected(context, name)
  local raw = assert(socket.connect("127.0.0.1", port))
  local stream = assert(ssl.wrap(raw, context))
  if name then stream:sni(name) end
  return stream
end

local function shut_out(context)
  local stream = connected(context)
  if stream:dohandshake() then
    check("served", (stream:receive "*l"), nil)
  end
  stream:close()
end

local function client()
  for _, version in ipairs(versions) do
    local context = client_context(version, { alpn = { "nope", "echo" } })
    for _, name in ipairs { "localhost", "alpha.test" } do
      local stream = connected(context, name)
      assert(stream:dohandshake())
      check("subject", stream:getpeercertificate():subject()[1].value, name)
      check("version", stream:info "protocol", names[version])
      if name == "localhost" then check("protocol", stream:getalpn(), "echo") end
      assert(stream:send(bulk))
      check("bulk", assert(stream:receive(#bulk)) == bulk, true)
      stream:close()
    end
    local own = client_context(version, { certificate = pki .. "/client.pem", key = pki .. "/client.key" })
    local stream = connected(own)
    assert(stream:dohandshake())
    check("line", stream:receive "*l", "welcome")
    stream:close()
    shut_out(client_context(version))
    shut_out(client_context(version, { certificate = pki .. "/strange-client.pem", key = pki .. "/strange-client.key" }))
    local strange = connected(client_context(version, { cafile = pki .. "/stranger.pem" }))
    local done, reason = strange:dohandshake()
    check("refused", done, false)
    check("reason", reason, "certificate verify failed")
    strange:close()
  end
  local context, reason = ssl.newcontext { mode = "server", protocol = "any", certificate = pki .. "/rsa.pem",
    key = pki .. "/client-rsa.key" }
  check("mismatch", context, nil)
  check("mismatch", type(reason), "string")
  check("cipher list", (ssl.newcontext { mode = "client", protocol = "any", ciphers = "NOPE" }), nil)
end

if role == "server" then server() else client() end
print "done"
