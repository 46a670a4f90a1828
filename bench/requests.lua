-- Sends the requests of the file REQUESTS in turn, a line each: METHOD <tab> path <tab> body. Counts answers by status.
local requests, position, counts = {}, 0, {}

function init(arguments)
  local headers = { ["Content-Type"] = "application/json" }
  if os.getenv("TOKEN") then headers["Authorization"] = "Bearer " .. os.getenv("TOKEN") end
  for line in io.lines(os.getenv("REQUESTS")) do
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
  if status ~= 200 and status ~= 201 then other = (other or 0) + 1 end
end

local threads = {}
function setup(thread) threads[#threads + 1] = thread end
function done(summary)
  local refused = 0
  for _, thread in ipairs(threads) do refused = refused + (thread:get("other") or 0) end
  local errors = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format("RESULT %d %d %d %d\n", summary.requests, summary.duration, refused, errors))
end
