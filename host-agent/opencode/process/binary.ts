import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import project from '../../../package.json' with { type: 'json' };

export interface OpenCodeBinary {
  path: string;
  /** Version of the npm package the program came in. */
  version: string;
}

/** What decides which of OpenCode's platform packages runs here. */
export interface Machine {
  platform: string;
  arch: string;
  musl: boolean;
  avx2: boolean;
}

/**
 * The program of the installed platform package. It is started directly: the launcher script of `opencode-ai` needs an
 * install script that npm may refuse (opencode §2.1). Throws with the npm package to install when there is none.
 */
export const openCodeBinary = (machine: Machine = thisMachine()): OpenCodeBinary => {
  const names = platformPackages(machine);
  const require = createRequire(import.meta.url);
  for (const name of names) {
    try {
      const manifest = require.resolve(`${name}/package.json`);
      const { version } = Manifest.parse(JSON.parse(readFileSync(manifest, 'utf8')));
      return { path: join(dirname(manifest), 'bin', 'opencode'), version };
    } catch (error) {
      if (!isNotFound(error))
        throw new Error(`the npm package ${name} is damaged. Install it again.`, { cause: error });
    }
  }
  const version = project.dependencies['opencode-ai'];
  throw new Error(
    `OpenCode's program for this machine is missing: npm left out its optional package ${names[0]}. ` +
      `Run "npm install" without --omit=optional, or "npm install --no-save ${names[0]}@${version}".`,
  );
};

/** Packages whose program runs on the machine, the best first. A baseline program runs with AVX2 too, only slower. */
export const platformPackages = ({ platform, arch, musl, avx2 }: Machine): string[] => {
  const libc = musl ? '-musl' : '';
  const name = `opencode-${platform}-${arch}`;
  if (arch !== 'x64') return [`${name}${libc}`];
  const baseline = `${name}-baseline${libc}`;
  return avx2 ? [`${name}${libc}`, baseline] : [baseline];
};

const Manifest = z.object({ version: z.string() });

const thisMachine = (): Machine => ({
  platform: process.platform,
  arch: process.arch,
  musl: process.platform === 'linux' && glibcVersion() === undefined,
  avx2: process.platform !== 'linux' || /\bavx2\b/.test(readFileSync('/proc/cpuinfo', 'utf8')),
});

/** Node reports the C library it was linked with, which is the machine's; on musl there is no such field. */
const glibcVersion = (): unknown =>
  z.object({ header: z.looseObject({ glibcVersionRuntime: z.string().optional() }) }).parse(process.report.getReport())
    .header.glibcVersionRuntime;

const isNotFound = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND';
