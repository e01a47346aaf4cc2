-- The original line again, for lines with times by pattern (`t.p`) and agents that write spaces as + or %20 (`u.`).
-- Slots are explained in processors/parse/layout.ts.
ALTER TABLE events MODIFY COLUMN line String ALIAS
if(line_layout = '', line_kept, arrayFold(
(text, key, value) -> replaceOne(text, concat('\x01a.', key, '\x01'), value),
mapKeys(attributes), mapValues(attributes),
replaceOne(
replaceOne(
replaceOne(
replaceOne(
replaceOne(
replaceOne(
replaceOne(
replaceOne(
replaceOne(
replaceOne(
replaceOne(
replaceOne(
replaceOne(
replaceOne(
replaceOne(
replaceOne(
replaceOne(
replaceOne(
replaceOne(
replaceOne(
replaceOne(
replaceOne(
replaceOne(
replaceOne(
replaceOne(
replaceOne(
replaceOne(
arrayMap(
    (slot, unit, digits) -> replaceOne(arrayMap(
    (spec, zone) -> replaceOne(CAST(line_layout, 'String'), concat('\x01t.', spec, '\x01'), arrayMap(
        at -> multiIf(
            startsWith(spec, 'iso'), concat(
                formatDateTime(at, '%Y-%m-%d', 'UTC'), substring(spec, 4, 1), formatDateTime(at, '%H:%i:%S', 'UTC'),
                if(substring(spec, 5, 1) = '0', '', concat('.', substring(leftPad(toString(toUnixTimestamp64Micro(timestamp) - intDiv(toUnixTimestamp64Micro(timestamp), 1000000) * 1000000), 6, '0'), 1, toUInt8OrZero(substring(spec, 5, 1))))),
                zone),
            startsWith(spec, 'clf'), concat(formatDateTime(at, '%d/%b/%Y:%H:%i:%S', 'UTC'), ' ', zone),
            spec = 's', toString(intDiv(toUnixTimestamp64Micro(timestamp), 1000000)),
            spec = 'ms', toString(intDiv(toUnixTimestamp64Micro(timestamp), 1000)),
            spec = 'us', toString(toUnixTimestamp64Micro(timestamp)),
            startsWith(spec, 'p'), arrayFold(
                (text, letter, value) -> replaceAll(text, concat('%', letter), value),
                ['Y', 'm', 'd', 'D', 'e', 'b', 'a', 'H', 'M', 'S', 's', '1', '2', '3', '4', '5', '6'],
                arrayConcat(
                    [formatDateTime(at, '%Y', 'UTC'), formatDateTime(at, '%m', 'UTC'), formatDateTime(at, '%d', 'UTC'), formatDateTime(at, '%d', 'UTC'),
                     leftPad(toString(toDayOfMonth(at, 'UTC')), 2, ' '), formatDateTime(at, '%b', 'UTC'), formatDateTime(at, '%a', 'UTC'),
                     formatDateTime(at, '%H', 'UTC'), formatDateTime(at, '%i', 'UTC'), formatDateTime(at, '%S', 'UTC'),
                     toString(intDiv(toUnixTimestamp64Micro(timestamp), 1000000))],
                    arrayMap(digits -> substring(leftPad(toString(toUnixTimestamp64Micro(timestamp) - intDiv(toUnixTimestamp64Micro(timestamp), 1000000) * 1000000), 6, '0'), 1, digits), [1, 2, 3, 4, 5, 6])),
                substring(spec, 7)),
            ''),
        [timestamp + toIntervalSecond(if(zone IN ('', 'Z'), 0,
            if(startsWith(zone, '-'), -1, 1) * (toInt32OrZero(substring(zone, 2, 2)) * 3600 + toInt32OrZero(substring(zone, -2)) * 60)))])[1]),
    [extract(CAST(line_layout, 'String'), '\x01t\\.([^\x01]*)\x01')],
    [concat(extract(CAST(line_layout, 'String'), '\x01t\\.(?:clf|iso..)([^\x01]*)\x01'), extract(CAST(line_layout, 'String'), '\x01t\\.p([+-][0-9]{4})'))])[1], slot, concat(
        toString(intDiv(duration_us, unit)),
        if(digits = 0, '', concat('.', leftPad(toString(intDiv(duration_us % unit, intExp10(if(unit = 1000, 3, 6) - digits))), digits, '0'))))),
    [extract(CAST(line_layout, 'String'), '\x01d\\.m?s[.0-9]*\x01')],
    [if(extract(CAST(line_layout, 'String'), '\x01d\\.(m?s)') = 'ms', 1000, 1000000)],
    [toUInt8OrZero(extract(CAST(line_layout, 'String'), '\x01d\\.m?s\\.([1-6])\x01'))])[1],
'\x01client_address\x01', CAST(client_address, 'String')),
'\x01user_id\x01', CAST(user_id, 'String')),
'\x01http_request_method\x01', CAST(http_request_method, 'String')),
'\x01url_path\x01', CAST(url_path, 'String')),
'\x01url_query\x01', CAST(url_query, 'String')),
'\x01network_protocol_version\x01', CAST(network_protocol_version, 'String')),
'\x01http_request_referrer\x01', CAST(http_request_referrer, 'String')),
'\x01user_agent_original\x01', CAST(user_agent_original, 'String')),
'\x01body\x01', CAST(body, 'String')),
'\x01severity_text\x01', CAST(severity_text, 'String')),
'\x01service_name\x01', CAST(service_name, 'String')),
'\x01host_name\x01', CAST(host_name, 'String')),
'\x01tenant\x01', CAST(tenant, 'String')),
'\x01http_route\x01', CAST(http_route, 'String')),
'\x01trace_id\x01', CAST(trace_id, 'String')),
'\x01span_id\x01', CAST(span_id, 'String')),
'\x01geo_country_iso_code\x01', CAST(geo_country_iso_code, 'String')),
'\x01user_agent_name\x01', CAST(user_agent_name, 'String')),
'\x01user_agent_os_name\x01', CAST(user_agent_os_name, 'String')),
'\x01http_response_status_code\x01', toString(http_response_status_code)),
'\x01http_response_body_size\x01', toString(http_response_body_size)),
'\x01severity_number\x01', toString(severity_number)),
'\x01l.10\x01', toString(intDiv(severity_number - 1, 4) * 10 + 10)),
'\x01d.us\x01', toString(duration_us)),
'\x01d.ns\x01', toString(duration_us * 1000)),
'\x01u.+\x01', replaceAll(CAST(user_agent_original, 'String'), ' ', '+')),
'\x01u.%20\x01', replaceAll(CAST(user_agent_original, 'String'), ' ', '%20'))))
