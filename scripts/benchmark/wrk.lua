-- Sends each request of a tape once, in its order, and says how long it took until the last was answered as expected.
-- A tape is "<length in ten digits><request>" again and again. wrk itself stops after a duration: whoever started it
-- reads the line "ANSWERED <count> <microseconds>", or "REFUSED <status>", and ends it. What is sent after the tape's end,
-- while the last answers are on their way, is answered 404 and not counted.
local ffi = require("ffi")
ffi.cdef [[ typedef struct { long seconds, nanoseconds; } moment; int clock_gettime(int, moment *); ]]
local clock = ffi.new("moment")
local FILLER = "GET /nothing HTTP/1.1\r\nHost: bench\r\n\r\n"
local tape, total, expected
local asked, began = false, nil
local answered = 0

local function now()
    ffi.C.clock_gettime(1, clock)
    return tonumber(clock.seconds) * 1e6 + tonumber(clock.nanoseconds) / 1e3
end

function init(arguments)
    tape = io.open(arguments[1], "rb")
    total, expected = tonumber(arguments[2]), tonumber(arguments[3])
end

function request()
    if not asked then  -- wrk looks at one request before it sends any
        asked = true
        return FILLER
    end
    began = began or now()
    local length = tape:read(10)
    if not length then return FILLER end
    return tape:read(tonumber(length))
end

function response(status)
    if status == expected then
        answered = answered + 1
        if answered == total then
            io.write(string.format("ANSWERED %d %.0f\n", answered, now() - began))
            io.flush()
        end
    elseif status ~= 404 then
        io.write(string.format("REFUSED %d\n", status))
        io.flush()
    end
end
