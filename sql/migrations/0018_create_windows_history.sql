-- Every revision of every finished window, for whoever must know what was known when. Quantiles (0.5, 0.95, 0.99) come from
-- the histograms: within 1 % of the exact value.
CREATE OR REPLACE VIEW windows_history AS
SELECT
    rule,
    rule_version,
    window_start,
    window_seconds,
    key,
    revision,
    cut_id,
    watermark,
    w.events AS events,
    w.errors AS errors,
    w.events / window_seconds AS events_per_second,
    w.body_size_sum AS body_size_sum,
    w.duration_count AS duration_count,
    w.duration_us_sum AS duration_us_sum,
    w.duration_us_min AS duration_us_min,
    w.duration_us_max AS duration_us_max,
    if(w.duration_count = 0, 0, w.duration_us_sum / w.duration_count) AS duration_us_avg,
    arrayMap(
        q -> if(w.duration_count = 0, 0, arrayFirst(
            (estimate, upto) -> upto > q * w.duration_count,
            arrayMap(b -> 2 * pow(1.01 / 0.99, b) / (1.01 / 0.99 + 1), arraySort(mapKeys(w.duration_histogram))),
            arrayCumSum(arraySort((count, b) -> b, mapValues(w.duration_histogram), mapKeys(w.duration_histogram))))),
        [0.5, 0.95, 0.99]) AS duration_us_quantiles,
    w.value_count AS value_count,
    w.value_sum AS value_sum,
    w.value_min AS value_min,
    w.value_max AS value_max,
    if(w.value_count = 0, 0, w.value_sum / w.value_count) AS value_avg,
    arrayMap(
        q -> if(w.value_count = 0, 0, arrayFirst(
            (estimate, upto) -> upto > q * w.value_count,
            arrayMap(b -> multiIf(b = -1, 0, b < 0, -2 * pow(1.01 / 0.99, -4096 - b) / (1.01 / 0.99 + 1), 2 * pow(1.01 / 0.99, b) / (1.01 / 0.99 + 1)), arraySort(mapKeys(w.value_histogram))),
            arrayCumSum(arraySort((count, b) -> b, mapValues(w.value_histogram), mapKeys(w.value_histogram))))),
        [0.5, 0.95, 0.99]) AS value_quantiles,
    finalizeAggregation(w.distinct_state) AS distinct_count
FROM windows AS w FINAL
