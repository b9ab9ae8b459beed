/**
 * The secrets of one start. Passwords leave this file only as scrypt hashes: the edge's configuration is on disk.
 * Parameters as architecture §5 sets them; they are stored with each hash, so they can be raised later.
 */
import { createHmac, randomBytes, randomInt, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import * as z from 'zod';
import { passwordHash, passwordText } from '../../../shared/password.ts';
import type { Settings } from '../../config/settings.ts';
import { writePrivateFile } from '../../process/private-file.ts';
import { readStateJson } from './state-json.ts';

const edgeSecretsFile = z.object({ jwtSecret: z.string().min(1).optional(), passwordHash: z.string().optional() });

interface SecretsInUse {
  jwtSecret: string;
  /** Hash of the single user's password; absent with several users or with authentication off. */
  passwordHash?: string;
  /** Accounts with hashed passwords, as JSON for the edge; absent without OPEN_AGENT_USERS. */
  users?: string;
  /** Guards the edge's internal routes for as long as this launcher runs. */
  internalToken: string;
  /** A password that was generated now: show it once, after `keep`. */
  generatedPassword?: string;
}

export interface EdgeSecrets extends SecretsInUse {
  /**
   * Where the hashes are those of the last start, hashes the passwords themselves: once the edge answers, from which it
   * would only take a core. Null: they are the same; else what is to be used instead, before a start is said to be
   * ready.
   */
  corrected(): Promise<SecretsInUse | null>;
  /** Stores what was generated. Called when the start has succeeded, so that no unseen password is ever kept. */
  keep(): Promise<void>;
}

/** What was made of the configuration before the state was taken. */
type Configured = Pick<SecretsInUse, 'jwtSecret' | 'passwordHash' | 'users'>;

/** Makes a hash of a password; undefined: of the last start, and it had none with this salt. */
type Hash = (password: string, salt: Buffer) => Promise<string | undefined>;

/** The key of tokens and the hashes of the configured passwords. Undefined where `hash` has one that is undefined. */
const configuredBy = async (settings: Settings, jwtSecret: string, hash: Hash): Promise<Configured | undefined> => {
  const { password, devMode, users } = settings;
  const accounts = [];
  // One after the other: each hash takes 32 MiB.
  for (const user of users) {
    const hashed = await hash(user.password, saltOf(jwtSecret, user.username));
    if (hashed === undefined) return undefined;
    accounts.push({ ...user, password: hashed });
  }
  if (accounts.length > 0) return { jwtSecret, users: JSON.stringify(accounts) };
  if (!password || devMode) return { jwtSecret };
  const passwordHash = await hash(password, saltOf(jwtSecret, ''));
  return passwordHash === undefined ? undefined : { jwtSecret, passwordHash };
};

const configuredSecrets = async (settings: Settings, jwtSecret: string): Promise<Configured> => {
  const configured = await configuredBy(settings, jwtSecret, hashPassword);
  if (!configured) throw new Error('a password was hashed to nothing');
  return configured;
};

export const drawInternalToken = (): string => randomBytes(32).toString('base64url');

/**
 * What is configured, else what an earlier start kept, else new values. `lastConfig` is the configuration that the last
 * start gave the edge: its hashes are used at once, and the passwords compared with them when the edge answers. Whoever
 * changed a password has it changed when the start is ready, as one who waits for it; a login that the old one gave
 * until then ends with it, because a login carries the mark of its hash (architecture §5). `internalToken`: of an edge
 * that runs already. The state directory is taken: nobody else changes what is read here.
 */
export const prepareEdgeSecrets = async (
  settings: Settings,
  lastConfig = '',
  internalToken = drawInternalToken(),
): Promise<EdgeSecrets> => {
  const path = settings.files.secrets;
  const kept = await readStateJson(path, edgeSecretsFile);
  const known = settings.jwtSecret ?? kept?.jwtSecret;
  const jwtSecret = known ?? randomBytes(48).toString('base64url');
  const isHashed = !settings.devMode && (settings.password !== undefined || settings.users.length > 0);
  const ofLast =
    isHashed && known !== undefined ? await configuredBy(settings, known, lastHashes(lastConfig)) : undefined;
  const configured = ofLast ?? (await configuredSecrets(settings, jwtSecret));
  const password = await passwordOf(settings, configured.passwordHash, kept?.passwordHash);
  return {
    ...configured,
    passwordHash: password.hash,
    generatedPassword: password.generated,
    internalToken,
    corrected: async () => {
      if (ofLast === undefined) return null;
      const right = await configuredSecrets(settings, jwtSecret);
      const isSame = right.passwordHash === ofLast.passwordHash && right.users === ofLast.users;
      return isSame ? null : { ...right, internalToken };
    },
    keep: async () => {
      const passwordHash = password.generated ? password.hash : kept?.passwordHash;
      // A configured key stays where the person put it.
      const ownJwtSecret = settings.jwtSecret ? kept?.jwtSecret : configured.jwtSecret;
      await writePrivateFile(path, JSON.stringify({ jwtSecret: ownJwtSecret, passwordHash }));
    },
  };
};

const scryptAsync = promisify<string, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(
  scrypt,
);
const cost = { N: 2 ** 15, r: 8, p: 1 };
/** N·r·128 bytes are 32 MiB, exactly Node's default limit, which must be above it. */
const maxmem = 64 * 1024 * 1024;
const hashBytes = 32;

/**
 * The salt of a user's password, the same at every start: a password that stays the same keeps its hash, by which the
 * edge knows a login of before (architecture §5). It says nothing about the password, and nobody else has it.
 */
const saltOf = (jwtSecret: string, username: string): Buffer =>
  createHmac('sha256', jwtSecret)
    .update(JSON.stringify(['salt', username]))
    .digest()
    .subarray(0, 16);

/** `scrypt$N$r$p$salt$hash` (base64). What counts of a password says shared/password.ts; a hash stays as it is. */
const hashPassword: Hash = async (password, salt) => {
  const text = passwordText(password);
  if (text === null) throw new Error('a password with a NUL or half a character passed the configuration');
  if (passwordHash.test(text)) return text;
  const hash = await scryptAsync(text, salt, hashBytes, { ...cost, maxmem });
  return `${hashBeginning(salt)}${hash.toString('base64')}`;
};

const hashBeginning = (salt: Buffer): string =>
  ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64'), ''].join('$');

/**
 * The hashes in the edge's last configuration. A user's salt is drawn from the key of tokens and the name, so that one
 * with this salt is that user's, of the last start.
 */
const lastHashes =
  (config: string): Hash =>
  async (password, salt) => {
    if (passwordHash.test(passwordText(password) ?? '')) return hashPassword(password, salt);
    const at = config.indexOf(hashBeginning(salt));
    return at < 0 ? undefined : /^[^"\\]+/.exec(config.slice(at))?.[0];
  };

const passwordOf = async (
  settings: Settings,
  configured: string | undefined,
  keptHash: string | undefined,
): Promise<{ hash?: string; generated?: string }> => {
  if (settings.devMode || settings.users.length > 0) return {};
  if (configured) return { hash: configured };
  if (keptHash) return { hash: keptHash };
  const generated = generatePassword();
  return { hash: await hashPassword(generated, randomBytes(16)), generated };
};

/** No letters or digits that look alike, for typing it off a screen. */
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';

/** Four groups of five characters: 99 bits. */
const generatePassword = () =>
  Array.from({ length: 4 }, () => Array.from({ length: 5 }, () => alphabet[randomInt(alphabet.length)]).join('')).join(
    '-',
  );
