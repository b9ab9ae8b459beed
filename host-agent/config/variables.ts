/**
 * The configuration, as data: one entry per variable with its check and its row of the table in docs/configuration.md
 * and `openagent up --help`. Values come in as text, from the environment or from openagent.env.
 */
import { statSync } from 'node:fs';
import { isIP } from 'node:net';
import * as z from 'zod';
import { passwordHash, passwordText, userNameText } from '../../shared/password.ts';
import { parseJsonOnce } from './json-once.ts';
import { linuxUserNamed } from './linux-user.ts';
import { defaultWorkingDir, directoryOf } from './place.ts';
import type { VariableName } from './variable-names.ts';

/** One row of the documented table. A secret's value never appears in a message. */
export interface VariableDoc {
  /** What applies when the variable is not set, in words or as the value. */
  default: string;
  meaning: string;
  example: string;
  secret?: boolean;
}

export const variableDocs = z.registry<VariableDoc>();

const wholeNumber = (min: number, max: number) => {
  const expected = `expected a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,10}$/, expected)
    .transform(Number)
    .pipe(z.number().min(min, expected).max(max, expected));
};

const flag = z
  .enum(['true', 'false', '1', '0'], 'expected true or false')
  .transform((text) => text === 'true' || text === '1');

const hostname = z
  .string()
  .refine(
    (text) => isIP(text) > 0 || /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(text),
    'expected an IP address or a host name, without scheme or port',
  );

const directory = z.string().transform((text, { addIssue }) => {
  const path = directoryOf(text);
  if (path === undefined) addIssue('expected an absolute path, or one that begins with ~/');
  return path ?? z.NEVER;
});

const httpUrl = z
  .string()
  .refine(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    'expected an http:// or https:// URL',
  );

/**
 * What a login could type: see shared/password.ts. A text that was meant as a hash and is not one would be a password
 * that everybody can read.
 */
const password = z
  .string()
  .refine((text) => text.trim() !== '', 'expected a password, not only white space')
  .refine((text) => passwordText(text) !== null, 'expected a password without NULs and half characters')
  .refine(
    (text) => !text.trim().startsWith('scrypt$') || passwordHash.test(text.trim()),
    'expected scrypt$N$r$p$salt$hash with salt and hash in base64, as it begins with scrypt$',
  );

const account = z.strictObject({
  id: z
    .string()
    .nullish()
    .transform((id) => id?.trim() || undefined),
  username: z.string().transform(userNameText).pipe(z.string().min(1)),
  password: password.transform((text) => text.trim()),
  admin: z
    .boolean()
    .nullish()
    .transform((is) => is ?? undefined),
});

export type Account = z.infer<typeof account>;

const isJsonObject = (text: string) => z.record(z.string(), z.unknown()).safeParse(parseJsonOnce(text)).success;

const accounts = z
  .string()
  .transform(parseJsonOnce)
  .pipe(z.array(account, 'expected a JSON array of accounts, each name in one of them once'))
  .refine(
    (list) => new Set(list.map((one) => one.id || one.username)).size === list.length,
    'two accounts have the same id (or the same username and no id)',
  )
  .refine(
    (list) => new Set(list.map((one) => one.username)).size === list.length,
    'two accounts have the same username, and people log in by that',
  );

const required = z
  .string()
  .refine((text) => text !== '' && text === text.trim(), 'expected a text without blanks around it');

/** What is known of each variable of ours. `OPENCODE_*` names beyond these go to OpenCode as they are. */
export const variables = z.object({
  PORT: wholeNumber(0, 65_535).prefault('8787').register(variableDocs, {
    default: '8787',
    meaning: 'Port of the web API. 0 takes a free one, shown at the start.',
    example: '8787',
  }),
  HOST: hostname.prefault('127.0.0.1').register(variableDocs, {
    default: '127.0.0.1',
    meaning: 'Address to listen on. Anything but loopback needs TLS in front of it.',
    example: '127.0.0.1',
  }),
  WORKING_DIR: directory.prefault(defaultWorkingDir).register(variableDocs, {
    default: 'your home directory',
    meaning: 'Missions work below `{WORKING_DIR}/workspaces`; all state is in `{WORKING_DIR}/.openagent`.',
    example: '~/agents',
  }),
  DASHBOARD_PASSWORD: password.optional().register(variableDocs, {
    default: 'generated at the first start and shown once',
    meaning: 'Password of the single user.',
    example: 'correct-horse-battery',
    secret: true,
  }),
  OPEN_AGENT_USERS: accounts.optional().register(variableDocs, {
    default: 'none: one user',
    meaning: 'Several users instead of one: a JSON array of `{"id"?, "username", "password", "admin"?}`.',
    example: '[{"username":"ana","password":"…"}]',
    secret: true,
  }),
  JWT_SECRET: required.optional().register(variableDocs, {
    default: 'generated at the first start',
    meaning: 'Key that signs login tokens. Changing it logs everyone out.',
    example: '64 random characters',
    secret: true,
  }),
  JWT_TTL_DAYS: wholeNumber(1, 3650).prefault('30').register(variableDocs, {
    default: '30',
    meaning: 'Days until a login token expires.',
    example: '30',
  }),
  DEV_MODE: flag.prefault('false').register(variableDocs, {
    default: 'false',
    meaning: 'true turns authentication off; only with a loopback `HOST`.',
    example: 'false',
  }),
  DEFAULT_MODEL: z
    .string()
    .regex(/^[^\s/]+\/\S+$/, 'expected provider/model')
    .optional()
    .register(variableDocs, {
      default: "the default provider's, else OpenCode's own choice",
      meaning:
        'Model of missions that name none, as provider/model. It wins over a default provider chosen in a dashboard.',
      example: 'anthropic/claude-sonnet-4-5',
    }),
  AGENT_USER: z
    .string()
    .transform((name, { addIssue }) => {
      const user = linuxUserNamed(name);
      if (!user) addIssue('expected the name of a user in /etc/passwd');
      return user ?? z.NEVER;
    })
    .optional()
    .register(variableDocs, {
      default: 'one of its own for each user of Open Agent',
      meaning:
        'As root: the Linux user that agents run as, with its home, instead of one that Open Agent makes for each of its users. ' +
        '`root` keeps agents from nothing: they can read the keys of providers and all of this machine.',
      example: 'deploy',
    }),
  AGENT_HOME: directory
    .refine(
      (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false,
      'expected a directory that exists',
    )
    .optional()
    .register(variableDocs, {
      default: "the agents' own, kept from mission to mission; where agents are kept from nothing one of OpenCode's",
      meaning:
        'With `AGENT_USER`, or without root: directory that is `HOME` to the commands agents run, for example your home: git then finds ' +
        'your `.gitconfig`. What is in there, credentials too, is theirs to use. OpenCode itself keeps a home of its own. ' +
        'ssh always reads the `.ssh` of the user that it runs as.',
      example: '/root',
    }),
  OPENCODE_AGENT: required.optional().register(variableDocs, {
    default: "OpenCode's own choice",
    meaning: 'OpenCode agent of missions that name none.',
    example: 'build',
  }),
  OPENCODE_PERMISSIVE: flag.prefault('true').register(variableDocs, {
    default: 'true',
    meaning:
      "false lets OpenCode's own rules and your configuration ask for permissions: dashboards show what waits. true allows " +
      'whatever would ask; what is denied stays denied.',
    example: 'false',
  }),
  OPENCODE_BASE_URL: httpUrl.optional().register(variableDocs, {
    default: 'none: OpenCode is started here',
    meaning:
      'Use this running OpenCode instead of starting one. Basic authentication from the URL, or from ' +
      '`OPENCODE_SERVER_USERNAME` and `OPENCODE_SERVER_PASSWORD`.',
    example: 'http://127.0.0.1:4096',
    secret: true,
  }),
  OPENCODE_CONFIG_CONTENT: z
    .string()
    .refine(isJsonObject, 'expected a JSON object without comments, each name in an object once')
    .optional()
    .register(variableDocs, {
      default: 'none',
      meaning: "OpenCode's configuration as JSON, for example providers and models.",
      example: '{"provider":{…}}',
      secret: true,
    }),
  MAX_ITERATIONS: wholeNumber(1, 1_000_000).prefault('50').register(variableDocs, {
    default: '50',
    meaning: 'Number that `/api/health` reports to dashboards.',
    example: '50',
  }),
  MAX_PARALLEL_MISSIONS: wholeNumber(1, 1_000)
    .optional()
    .register(variableDocs, {
      default: 'from cores and memory',
      meaning:
        'Missions this server works on at once; the others wait. Unset: 2 for each core, as long as each has 1 GB of memory ' +
        'beyond the first 1.5 GB; at least 1, at most 32.',
      example: '4',
    }),
  STOP_AFTER_REPEATS: wholeNumber(0, 1_000_000)
    .prefault('3')
    .register(variableDocs, {
      default: '3',
      meaning:
        'A turn is stopped when the model answers so many times in a row without a tool call or an end that OpenCode knows; ' +
        'OpenCode itself would ask for ever. 0 never stops one.',
      example: '3',
    }),
  STALE_MISSION_HOURS: wholeNumber(0, 87_600).prefault('24').register(variableDocs, {
    default: '24',
    meaning: 'Open missions without any activity for this long are closed as completed. 0 never closes one.',
    example: '24',
  }),
  TRASH_DAYS: wholeNumber(0, 36_500)
    .prefault('30')
    .register(variableDocs, {
      default: '30',
      meaning:
        'A deleted mission is hidden at once, can be had back for so many days (`openagent restore`), and is then removed ' +
        'with its files. 0 removes it at once.',
      example: '30',
    }),
  TRUST_PROXY: flag.prefault('false').register(variableDocs, {
    default: 'false',
    meaning: 'true believes `X-Forwarded-For` of a reverse proxy when login attempts are limited.',
    example: 'true',
  }),
} satisfies Record<VariableName, z.ZodType>);

/** Names of existing installations (contract §13.1) that this version accepts and does not use yet. */
export const unusedVariables: readonly RegExp[] = [
  /^LIBRARY_(REMOTE|PATH|GIT_SSH_KEY)$/,
  /^PRIVATE_KEY$/,
  /^OPENAGENT_SECRET_PASSPHRASE$/,
  /^MISSION_STORE_TYPE$/,
  /^DESKTOP_(ENABLED|RESOLUTION)$/,
  /^OPEN_AGENT_RUNTIME_(WORKSPACE|DISPLAY)_FILE$/,
  /^OPEN_AGENT_CONTEXT_(ROOT|DIR_NAME)$/,
  /^OPEN_AGENT_API_(URL|TOKEN)$/,
  /^OPEN_AGENT_COMMAND_TIMEOUT_SECS$/,
];

/** Credentials of model providers, which openagent.env may hold besides our own variables. */
export const providerVariable = /_API_KEY$|_API_TOKEN$|_AUTH_TOKEN$|^(AWS|AZURE|GOOGLE|CLOUDFLARE)_/;
