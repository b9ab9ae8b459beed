// A clean Debian as a directory: made once by debootstrap and kept, then copied for each run.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import project from '../../package.json' with { type: 'json' };

const cache = '/var/cache/openagent-test';

/**
 * What a person's server has before Open Agent comes: systemd, and the programs that its installer asks for or would
 * bring.
 */
const packages = ['systemd', 'ca-certificates', 'curl', 'git', 'tini', 'procps'];

/** A tree made otherwise is another tree. */
const name = `bookworm-node-${project.dependencies.node}`;

/** Why no tree can be made or booted here, in words; undefined when it can. */
export const reasonForNoTree = (): string | undefined => {
  if (process.getuid?.() !== 0) return 'a machine is made and booted by root only';
  const missing = ['debootstrap', 'systemd-nspawn', 'nsenter'].filter((program) => !existsSync(programPath(program)));
  if (missing.length === 0) return undefined;
  return `${missing.join(', ')} is missing: apt-get install debootstrap systemd-container util-linux`;
};

const programPath = (program: string): string =>
  ['/usr/sbin', '/usr/bin'].map((directory) => join(directory, program)).find(existsSync) ?? '';

/** A fresh copy of the tree; the first one takes about a minute and the network. */
export const freshTree = async (): Promise<{ path: string; remove(): void }> => {
  const kept = join(cache, name);
  mkdirSync(cache, { recursive: true });
  if (!existsSync(kept)) {
    const fresh = mkdtempSync(join(cache, 'new-'));
    await execa('debootstrap', ['--variant=minbase', `--include=${packages.join(',')}`, 'bookworm', fresh]);
    await installNode(fresh);
    renameSync(fresh, kept);
  }
  const path = mkdtempSync(join(cache, 'machine-'));
  await execa('cp', ['-a', '--reflink=auto', `${kept}/.`, path]);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};

/** As from nodejs.org: Node with npm below /usr/local. */
const installNode = async (tree: string): Promise<void> => {
  const { stdout: npmVersion } = await execa('npm', ['--version']);
  const wanted = [`node@${project.dependencies.node}`, `npm@${npmVersion}`];
  const options = ['--no-audit', '--no-fund', '--loglevel=error'];
  await execa('npm', ['install', '--global', '--prefix', join(tree, 'usr', 'local'), ...options, ...wanted]);
};
