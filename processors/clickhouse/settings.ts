/*
 * The settings that a read-only statement and an HTTP request may carry. A closed list, because some settings reach
 * outside of the data: `format_template_row` reads any file, `output_format_schema` writes one,
 * `additional_result_filter` hides an expression in a string.
 */

const NAMES = new Set([
  "extremes",
  "final",
  "join_algorithm",
  "join_use_nulls",
  "log_comment",
  "optimize_read_in_order",
  "priority",
  "enable_analyzer",
  "date_time_output_format",
  "date_time_input_format",
  "session_timezone",
  "group_by_use_nulls",
  "use_skip_indexes",
  "use_uncompressed_cache",
  "prefer_column_name_to_alias",
  "short_circuit_function_evaluation",
  "totals_mode",
  "async_insert",
  "wait_for_async_insert",
  "deduplicate_blocks_in_dependent_materialized_views",
  "insert_deduplicate",
  "insert_deduplication_token",
  "materialized_views_ignore_errors",
  "cast_string_to_dynamic_use_inference",
]);

const PREFIXES = [
  "max_",
  "min_insert_block_size_",
  "min_bytes_to_use_",
  "timeout_before_checking_execution_speed",
  "read_overflow_mode",
  "result_overflow_mode",
  "group_by_overflow_mode",
  "timeout_overflow_mode",
  "format_csv_",
  "format_tsv_null_representation",
  "output_format_json_",
  "output_format_pretty_",
  "output_format_csv_",
  "output_format_tsv_",
  "output_format_native_",
  "output_format_parquet_",
  "output_format_arrow_",
  "output_format_decimal_",
  "output_format_write_statistics",
  "input_format_json_",
  "input_format_csv_",
  "input_format_tsv_",
  "input_format_native_",
  "input_format_skip_unknown_fields",
  "input_format_defaults_for_omitted_fields",
  "input_format_null_as_default",
];

/** Settings names are case-sensitive in ClickHouse, so here too. */
export function isAllowedSetting(name: string): boolean {
  return NAMES.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** What HTTP clients send about who they are and the transport; means nothing to the engine. */
export function isTransportSetting(name: string): boolean {
  return (
    name === "query_id" ||
    name === "user" ||
    name === "password" ||
    name === "session_id" ||
    name === "session_timeout" ||
    name === "session_check" ||
    name === "compress" ||
    name === "decompress" ||
    name === "client_protocol_version" ||
    name === "quota_key" ||
    name === "wait_end_of_query" ||
    name === "buffer_size" ||
    name === "enable_http_compression" ||
    name.startsWith("http_") ||
    name.startsWith("send_progress_in_http_headers") ||
    name === "cancel_http_readonly_queries_on_client_close"
  );
}
