-- For whoever hunts a new fault: the messages that were written least often, newest first, with one of them as an example.
-- template_id stands for a message without its variable parts; in window keys it is written in hexadecimal, as here.
SELECT
    service_name,
    lower(leftPad(hex(template_id), 16, '0')) AS template,
    count() AS times,
    min(timestamp) AS first_seen,
    any(severity_text) AS severity,
    any(body) AS example
FROM events
WHERE template_id != 0
GROUP BY service_name, template_id
ORDER BY times, first_seen DESC
LIMIT 20
