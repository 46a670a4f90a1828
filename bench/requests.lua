-- Sends the requests of the file REQUESTS in turn, a line each: METHOD <tab> path <tab> body. Counts answers by status.
local requests, position, counts = {}, 0, {}

function init(arguments)
  local headers = { ["Content-Type"] = "application/json" }
  if os.getenv("TOKEN") then headers["Authorization"] = "Bearer " .. os.getenv("TOKEN") end
  local keyed = os.getenv("KEYED")
  for line in io.lines(os.getenv("REQUESTS")) do
    if keyed then headers["Idempotency-Key"] = keyed .. #requests end
    local method, path, body = line:match("^(%S+)\t(%S+)\t(.*)$")
    if method == "GET" then body = nil end
    requests[#requests + 1] = wrk.format(method, path, headers, body)
  end
end

function request()
  position = position % #requests + 1
  return requests[position]
end

function response(status)
  if status == 409 then refused = (refused or 0) + 1
  elseif status ~= 200 and status ~= 201 then failed = (failed or 0) + 1 end
end

local threads = {}
function setup(thread) threads[#threads + 1] = thread end
function done(summary)
  local refused, failed = 0, 0
  for _, thread in ipairs(threads) do
    refused, failed = refused + (thread:get("refused") or 0), failed + (thread:get("failed") or 0)
  end
  local errors = failed + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format("RESULT %d %d %d %d\n", summary.requests, summary.duration, refused, errors))
end
