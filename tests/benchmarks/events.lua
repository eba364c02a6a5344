-- What wrk sends: the events of pipelines, each with an id of its own, one at a time or in lists.
-- Arguments: token, "Bearer" or "Token", how many in a list (0: no list), a number for the ids, services,
-- events a release, the key that names an event ("id" or "key").

local day = 24 * 60 * 60
local token, scheme, size, round, services, a_release, id_field
local counter, lists, a_group, groups = 0, 0, 5, 0

function setup(thread)
  thread:set("thread_id", 1)
end

function init(args)
  token, scheme, size, round = args[1], args[2], tonumber(args[3]), tonumber(args[4])
  services, a_release, id_field = tonumber(args[5]), tonumber(args[6]), args[7]
  groups = services / a_group
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Authorization"] = scheme .. " " .. token
end

local steps = {
  { "deployment.started", "staging" }, { "deployment.succeeded", "staging" },
  { "deployment.started", "production" }, { "deployment.succeeded", "production" },
}

-- One pipeline after the other in each service; every event a minute after the one before it. A list is of one
-- group of services, as a collector in front of them would send it, and the next list is of the next group.
local function event(group)
  local number = counter
  counter = counter + 1
  local service = number % services
  local turn = math.floor(number / services)
  if group then
    service = group * a_group + number % a_group
    turn = math.floor(lists / groups) * (size / a_group) + math.floor(number % size / a_group)
  end
  local release = math.floor(turn / a_release)
  local step = a_release == 1 and steps[4] or steps[turn % a_release + 1]
  local at = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() - 360 * day + round * 5 * day + turn * 60)
  local version = string.format("2026.%d.%d", round, release)
  return string.format(
    '{"%s": "r%d-%d", "type": "%s", "occurred_at": "%s", "service": "service-%d", "environment": "%s", ' ..
    '"version": "%s", "commit": "%08x%08x", "run": "%d-%d", "url": "https://ci.example/%d", ' ..
    '"command": "make deploy VERSION=%s", "files_touched": ["basket/views.py"], "changes": []}',
    id_field, round, number, step[1], at, service, step[2], version, round, release, round, turn, turn, version)
end

function request()
  if size == 0 then
    return wrk.format(nil, nil, nil, event())
  end
  local list = {}
  for index = 1, size do list[index] = event(lists % groups) end
  lists = lists + 1
  return wrk.format(nil, nil, nil, "[" .. table.concat(list, ",") .. "]")
end

local wrong = 0
function response(status)
  if status ~= 201 and status ~= 207 then
    wrong = wrong + 1
    if wrong == 1 then io.stderr:write("answered ", status, "\n") end
  end
end
