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

export interface EdgeSecrets {
  jwtSecret: string;
  /** Hash of the single user's password; absent with several users or with authentication off. */
  passwordHash?: string;
  /** Accounts with hashed passwords, as JSON for the edge; absent without OPEN_AGENT_USERS. */
  users?: string;
  /** Guards the edge's internal routes for as long as this launcher runs. */
  internalToken: string;
  /** A password that was generated now: show it once, after `keep`. */
  generatedPassword?: string;
  /** Stores what was generated. Called when the start has succeeded, so that no unseen password is ever kept. */
  keep(): Promise<void>;
}

/** What was made of the configuration before the state was taken. */
interface Configured {
  jwtSecret: string;
  /** Hash of the configured password, where one is in use. */
  passwordHash?: string;
}

/**
 * The key of tokens and the hash of the configured password. The hash takes a tenth of a second of one core, so it is
 * begun while the state is being taken; what is read for it may be another's by then.
 */
export const configuredSecrets = async (settings: Settings): Promise<Configured> => {
  const kept = settings.jwtSecret ? undefined : await readStateJson(settings.files.secrets, edgeSecretsFile);
  const jwtSecret = settings.jwtSecret ?? kept?.jwtSecret ?? randomBytes(48).toString('base64url');
  const { password, devMode, users } = settings;
  if (!password || devMode || users.length > 0) return { jwtSecret };
  return { jwtSecret, passwordHash: await hashPassword(password, saltOf(jwtSecret, '')) };
};

/** What is configured, else what an earlier start kept, else new values. */
export const prepareEdgeSecrets = async (
  settings: Settings,
  begun: Promise<Configured> = configuredSecrets(settings),
): Promise<EdgeSecrets> => {
  const path = settings.files.secrets;
  const kept = await readStateJson(path, edgeSecretsFile);
  const early = await begun;
  const isOvertaken = !settings.jwtSecret && kept?.jwtSecret !== undefined && kept.jwtSecret !== early.jwtSecret;
  const { jwtSecret, passwordHash } = isOvertaken ? await configuredSecrets(settings) : early;
  const password = await passwordOf(settings, passwordHash, kept?.passwordHash);
  const accounts = await hashAccounts(settings, jwtSecret);
  return {
    jwtSecret,
    passwordHash: password.hash,
    generatedPassword: password.generated,
    users: accounts.length > 0 ? JSON.stringify(accounts) : undefined,
    internalToken: randomBytes(32).toString('base64url'),
    keep: async () => {
      const passwordHash = password.generated ? password.hash : kept?.passwordHash;
      // A configured key stays where the person put it.
      const ownJwtSecret = settings.jwtSecret ? kept?.jwtSecret : jwtSecret;
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
const hashPassword = async (password: string, salt: Buffer): Promise<string> => {
  const text = passwordText(password);
  if (text === null) throw new Error('a password with a NUL or half a character passed the configuration');
  if (passwordHash.test(text)) return text;
  const hash = await scryptAsync(text, salt, hashBytes, { ...cost, maxmem });
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64'), hash.toString('base64')].join('$');
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

/** Accounts one after the other: each hash takes 32 MiB. */
const hashAccounts = async ({ users }: Settings, jwtSecret: string) => {
  const hashed = [];
  for (const user of users) {
    hashed.push({ ...user, password: await hashPassword(user.password, saltOf(jwtSecret, user.username)) });
  }
  return hashed;
};

/** No letters or digits that look alike, for typing it off a screen. */
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';

/** Four groups of five characters: 99 bits. */
const generatePassword = () =>
  Array.from({ length: 4 }, () => Array.from({ length: 5 }, () => alphabet[randomInt(alphabet.length)]).join('')).join(
    '-',
  );
