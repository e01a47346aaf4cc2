-- What the hour's season is, as it was remembered.
seasonal AS
(
    SELECT *, toDayOfWeek({hour:DateTime('UTC')}) >= 6 AS is_weekend_hour
    FROM stepped
    LEFT JOIN
    (
        SELECT
            (rule, signal, key) AS series, season_days, season_median, season_n, season_total, weekend_n, weekend_total,
            season_after_zero, season_zero_after_zero, season_zero_after_other, all_n, all_total, all_excess, all_square,
            all_after_zero, all_zero_after_zero, all_zero_after_other
        FROM expectations FINAL
        WHERE hour = {hour:DateTime('UTC')}
    ) AS remembered_season USING (series)
)
