-- Which templates are one message whose variable part was not known to vary, for analysts: those of a service that differ in one word, where
-- that word has four values or more; then once more among what comes of it. `version` rises when this mapping becomes another one.
CREATE OR REPLACE VIEW template_families AS
WITH
forms AS
(
    SELECT tenant, service_name, template, min(first_seen) AS first_seen, max(last_seen) AS last_seen, max(form) AS form
    FROM templates
    GROUP BY tenant, service_name, template
),
holes AS
(
    SELECT tenant, service_name, form, hole, uniqExact(form) OVER (PARTITION BY tenant, service_name, hole) AS members
    FROM
    (
        SELECT DISTINCT tenant, service_name, form, arrayJoin(arrayMap(
            i -> arrayStringConcat(arrayConcat(arraySlice(words, 1, i - 1), ['<*>'], arraySlice(words, i + 1)), ' '),
            arrayFilter(i -> words[i] != '<*>', arrayEnumerate(words)))) AS hole
        FROM (SELECT DISTINCT tenant, service_name, form, splitByChar(' ', form) AS words FROM forms WHERE form != '' AND length(words) BETWEEN 3 AND 100)
    )
),
merged AS
(
    SELECT tenant, service_name, form, argMax(hole, (members, hole)) AS hole
    FROM holes
    WHERE members >= 4
    GROUP BY tenant, service_name, form
),
once AS
(
    SELECT tenant, service_name, template, first_seen, last_seen, form, if(merged.hole = '', form, merged.hole) AS first_family
    FROM forms LEFT JOIN merged USING (tenant, service_name, form)
),
second_holes AS
(
    SELECT tenant, service_name, first_family, hole, uniqExact(first_family) OVER (PARTITION BY tenant, service_name, hole) AS members
    FROM
    (
        SELECT DISTINCT tenant, service_name, first_family, arrayJoin(arrayMap(
            i -> arrayStringConcat(arrayConcat(arraySlice(words, 1, i - 1), ['<*>'], arraySlice(words, i + 1)), ' '),
            arrayFilter(i -> words[i] != '<*>', arrayEnumerate(words)))) AS hole
        FROM (SELECT DISTINCT tenant, service_name, first_family, splitByChar(' ', first_family) AS words FROM once WHERE form != first_family AND length(words) <= 100)
    )
),
second_merged AS
(
    SELECT tenant, service_name, first_family, argMax(hole, (members, hole)) AS hole
    FROM second_holes
    WHERE members >= 4
    GROUP BY tenant, service_name, first_family
)
SELECT
    tenant,
    service_name,
    template,
    first_seen,
    last_seen,
    form,
    if(second_merged.hole = '', first_family, second_merged.hole) AS family,
    toUInt8(1) AS version
FROM once LEFT JOIN second_merged USING (tenant, service_name, first_family)
