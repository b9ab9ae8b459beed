import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { httpStatus } from '../../shared/errors.ts';
import { exceededText, quotaChanges, quotaNames, quotas } from '../../shared/quotas.ts';

const page = join(import.meta.dirname, '..', '..', 'docs', 'quotas.md');
const head = '| Quota | Default | At most | Per | Why |\n|---|---|---|---|---|\n';
const number = (value: number): string => {
  const gib = value / 1024 ** 3;
  const mib = value / 1024 ** 2;
  return gib >= 1 && Number.isInteger(gib)
    ? `${gib} GiB`
    : mib >= 1 && Number.isInteger(mib)
      ? `${mib} MiB`
      : `${value}`;
};

test('docs/quotas.md has every quota (`vitest run --project pure test/pure/quotas.test.ts -u` writes it)', async () => {
  const rows = quotaNames.map((name) => {
    const { default: byDefault, most, unit, per, reason } = quotas[name];
    const shown = unit === 'bytes' ? number(byDefault) : `${byDefault} ${unit}`;
    return `| \`${name}\` | ${shown} | ${unit === 'bytes' ? number(most) : most} | ${per} | ${reason} |\n`;
  });
  const text = readFileSync(page, 'utf8');
  const written = text.slice(0, text.indexOf(head)) + head + rows.join('');

  await expect(written).toMatchFileSnapshot(page);
});

test('a refusal names the quota, its limit and what to do, whatever the quota', () => {
  for (const name of quotaNames) {
    const text = exceededText(name, quotas[name].default);
    expect(text).toContain(`\`${name}\``);
    expect(text).toContain(`${quotas[name].default}`);
    expect(text).toContain(quotas[name].remedy);
    expect(text).not.toContain('\n');
  }
});

test('old clients take 401 for a logout and 503 for an absence, which a quota never uses', () => {
  expect([httpStatus.too_many, httpStatus.too_large]).toEqual([429, 413]);
});

test('every default can be set by an admin, and nothing above what may be', () => {
  for (const name of quotaNames) {
    expect(quotaChanges.safeParse({ [name]: quotas[name].default }).success).toBe(true);
    expect(quotaChanges.safeParse({ [name]: quotas[name].most }).success).toBe(true);
    expect(quotaChanges.safeParse({ [name]: quotas[name].most + 1 }).success).toBe(false);
  }
});
