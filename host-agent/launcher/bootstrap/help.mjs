/** Texts of `--help` for the commands that bootstrap itself serves. */
export const help = {
  build: `openagent build
Installs dependencies and builds dist/ where a source has changed; every other command does so by itself.`,
  test: `openagent test [files …]
Runs lint, types and every test, and ends with one line: N passed, N failed, N skipped.
Arguments are passed on to vitest, for example a file name or --project pure.`,
  check: `openagent check
Runs lint (Biome), types (tsc) and the check that migrations/ matches the D1 schema. Exits 1 when one of them fails.`,
};
