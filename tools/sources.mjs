/** Everything that ends up in dist/ or decides how it is built. */
export const sources = [
  'shared',
  'worker',
  'host-agent',
  'tools',
  'migrations',
  'wrangler.toml',
  'tsconfig.json',
  'package.json',
  'package-lock.json',
];
