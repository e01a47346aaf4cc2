/**
 * Table functions of ClickHouse 26.7 that only compute, or only look at tables of the store. All others reach files,
 * networks or programs; a test asks the engine for its list and fails when it knows one that stands in neither list.
 */
export const CONTAINED_TABLE_FUNCTIONS = [
  "dictionary",
  "format",
  "fuzzJSON",
  "fuzzQuery",
  "generateRandom",
  "generateSeries",
  "generate_series",
  "input",
  "loop",
  "merge",
  "mergeTreeAnalyzeIndexes",
  "mergeTreeAnalyzeIndexesUUID",
  "mergeTreeIndex",
  "mergeTreeProjection",
  "mergeTreeTextIndex",
  "null",
  "numbers",
  "numbers_mt",
  "primes",
  "prometheusQuery",
  "prometheusQueryRange",
  "SQLStandardValues",
  "timeSeriesData",
  "timeSeriesMetrics",
  "timeSeriesSamples",
  "timeSeriesSelector",
  "timeSeriesTags",
  "values",
  "view",
  "viewExplain",
  "viewIfPermitted",
  "zeros",
  "zeros_mt",
];

/** `eval` runs SQL from a string; `file` and `catboostEvaluate` are ordinary functions as well. */
const REACHING_OUT = new Set([
  "arrowstream",
  "catboostevaluate",
  "cosn",
  "eval",
  "executable",
  "filesystem",
  "gcs",
  "jdbc",
  "mongodb",
  "mysql",
  "odbc",
  "oss",
  "postgresql",
  "python",
  "redis",
  "remotesecure",
  "showcertificate",
  "sqlite",
  "ytsaurus",
]);

/** Families with many spellings: s3, s3Cluster, icebergS3Cluster, … `filesystemAvailable` only gives a number. */
const REACHING_OUT_FAMILY =
  /^(azureblobstorage|deltalake|hdfs|hudi|iceberg|paimon|s3|gcs)(local|s3|azure|hdfs)?(cluster)?$|^(file|url|remote)(cluster|secure)?$|^cluster(allreplicas)?$/;

/** Functions and table functions by which a query would leave the data of the store, in any case of letters. */
export function isReachingOut(name: string): boolean {
  const lower = name.toLowerCase();
  return REACHING_OUT.has(lower) || REACHING_OUT_FAMILY.test(lower);
}
