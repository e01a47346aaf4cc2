-- How large jumps usually are, as it was remembered; the prior for a series that is new.
tailed AS
(
    SELECT *,
        if(has_tails, e_jump_usual, 0.95) AS jump_usual, if(has_tails, e_jump_large, 1.75) AS jump_large,
        if(has_tails, e_noise_min, inf) AS noise_min_before, if(has_tails, e_noise_max, -inf) AS noise_max_before
    FROM ranged
    LEFT JOIN
    (
        SELECT
            (rule, signal, key) AS series, 1 AS has_tails, jump_usual AS e_jump_usual, jump_large AS e_jump_large,
            incident_blocks, noise_min AS e_noise_min, noise_max AS e_noise_max, raw_before, budget_before
        FROM expectations FINAL
        WHERE hour = {hour:DateTime('UTC')}
    ) AS remembered_tails USING (series)
)
