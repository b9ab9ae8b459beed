// A real OpenCode whose only model is the scripted one, and the few calls that tests make to it directly.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { handsSockets } from '../../host-agent/hands/socket.ts';
import { basicAuthorization } from '../../host-agent/opencode/api/authorization.ts';
import { readServerFile } from '../../host-agent/opencode/api/server-file.ts';
import { prepareOpenCode } from '../../host-agent/opencode/process/prepare.ts';
import { type OpenCodeProcess, startOpenCode } from '../../host-agent/opencode/process/process.ts';
import { sharedDirectory } from '../../host-agent/process/private-file.ts';
import { seenInstead } from '../../host-agent/workspaces/seen.ts';
import { bundlePlugin } from '../../tools/plugin.mjs';
import { startHandsProcess } from './hands-process.ts';
import { startModel } from './model.ts';

const root = join(import.meta.dirname, '..', '..');

/** A sub-agent that may start sub-agents of its own, which OpenCode's do not. */
export const deputy = {
  subagent_depth: 2,
  agent: {
    deputy: { mode: 'subagent', description: 'Has helpers', permission: { task: 'allow', todowrite: 'allow' } },
  },
};

/**
 * Config of the provider `lab`, whose model `m1` is the scripted one, as is `eyes`, which takes images; a value for
 * OPENCODE_CONFIG_CONTENT.
 */
export const labConfig = (modelUrl: string, apiKey = 'lab-api-key', more: object = {}): string =>
  JSON.stringify({
    ...more,
    $schema: 'https://opencode.ai/config.json',
    model: 'lab/m1',
    small_model: 'lab/m1',
    enabled_providers: ['lab'],
    provider: {
      lab: {
        npm: '@ai-sdk/openai-compatible',
        name: 'Lab',
        options: { baseURL: modelUrl, apiKey },
        models: {
          m1: {
            name: 'M1',
            tool_call: true,
            reasoning: true,
            interleaved: { field: 'reasoning_content' },
            limit: { context: 200_000, output: 8_000 },
            cost: { input: 1, output: 2, cache_read: 0.1, cache_write: 1.25 },
          },
          eyes: {
            name: 'Eyes',
            tool_call: true,
            attachment: true,
            modalities: { input: ['text', 'image'], output: ['text'] },
            limit: { context: 200_000, output: 8_000 },
          },
        },
      },
    },
  });

/** The environment a test's OpenCode is prepared from: nothing of the machine but PATH. */
export const labEnvironment = (config: string): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  OPENCODE_CONFIG_CONTENT: config,
});

interface LabOptions {
  env?: Record<string, string>;
  config?: object;
  /**
   * The socket of hands that know every mission, or `none`: then OpenCode has its own tools, as where a person has
   * started it. Real ones if absent, as our launcher has them.
   */
  hands?: string;
  /** OpenCode is shown a tree of ours in the place of `workspaces` in the lab's directory, as our launcher does it. */
  cover?: boolean;
  /** OpenCode is the Linux user with this number, as where our launcher is root. */
  user?: number;
  /** Where the real hands find what no output may show. */
  secretFiles?: string[];
  /** Program of the real hands, such as the built one. */
  program?: string;
}

const handsDirectories = new WeakMap<OpenCodeProcess, string>();

/** Directory of the real hands that an OpenCode of a lab has its tools from, or null. */
export const handsOf = (openCode: OpenCodeProcess): string | null => handsDirectories.get(openCode) ?? null;

/** Starts the model, hands and OpenCode in a fresh directory; `close` ends and removes all of it. */
export const startLab = async (options: LabOptions = {}) => {
  const { env = {}, config = {}, hands, program, cover = false, user, secretFiles } = options;
  const dir = mkdtempSync(join(tmpdir(), 'lab-'));
  const bundle = join(dir, 'hands-plugin.js');
  const socket = hands === 'none' ? null : (hands ?? handsSockets(join(dir, 'hands')).calls);
  // OpenCode does not need them before a call, and both take a second to start.
  const starting =
    hands === undefined
      ? startHandsProcess({ state: dir, program, secretFiles, callers: user })
      : Promise.resolve(null);
  const [model] = await Promise.all([startModel(), socket === null ? null : bundlePlugin(root, bundle)]);
  if (user !== undefined) await sharedDirectory(join(dir, 'hands'), user);
  const prepared = await prepareOpenCode({
    dir: join(dir, 'opencode'),
    env: { ...labEnvironment(labConfig(model.url, undefined, config)), ...env },
    hands: socket === null ? null : { socket, bundle },
    cover: cover ? await seenInstead(dir, join(dir, 'opencode', 'seen')) : null,
    user: user ?? null,
  });
  const [openCode, real] = await Promise.all([startOpenCode({ prepared }), starting]);
  if (real) handsDirectories.set(openCode, real.config.directory);
  const calls = openCodeCalls(openCode);
  return {
    model,
    dir,
    prepared,
    openCode,
    /** The real hands, where it has such. */
    hands: real,
    ...calls,
    /** The hands act in its directory: there is no host-agent here that tells them of it. */
    createSession: async (directory: string, title: string): Promise<string> => {
      await real?.control.register({ mission: directory, directory: realpathSync(directory), owner: 'ada' });
      return calls.createSession(directory, title);
    },
    /** A new mission directory, a git repository of its own. */
    missionDirectory: (name: string): string => {
      const path = join(dir, 'workspaces', name);
      mkdirSync(path, { recursive: true });
      execFileSync('git', ['init', '-q'], { cwd: path });
      return path;
    },
    close: async (): Promise<void> => {
      await openCode.stop();
      await real?.stop();
      await model.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

/** The OpenCode that a launcher announced in `path`; throws with why it can't be started where that stands there. */
export const announcedOpenCode = (path: string) => {
  const file = readServerFile(path);
  if ('failure' in file) throw new Error(file.failure);
  return file;
};

/**
 * Calls in the shape of architecture §4: title at creation, `prompt_async` with ids of ours, agent and model each time.
 */
export const openCodeCalls = ({ url, username, password }: { url: string; username: string; password: string }) => {
  const authorization = basicAuthorization({ username, password });
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  return {
    authorization,
    call,
    /** Creates a session in `directory` and gives its id. */
    createSession: async (directory: string, title: string): Promise<string> => {
      const body = { title, permission: [{ permission: 'question', pattern: '*', action: 'deny' }] };
      const session = await call('POST', `/session?directory=${encodeURIComponent(directory)}`, body);
      if (typeof session !== 'object' || session === null || !('id' in session)) throw new Error('no session');
      return String(session.id);
    },
    /** Sends a prompt and gives its message id. */
    prompt: async (session: string, text: string): Promise<string> => {
      const tail = Date.now().toString(16).padStart(12, '0') + randomUUID().replaceAll('-', '').slice(0, 14);
      await call('POST', `/session/${session}/prompt_async`, {
        messageID: `msg_${tail}`,
        model: { providerID: 'lab', modelID: 'm1' },
        agent: 'build',
        parts: [{ type: 'text', id: `prt_${tail}`, text }],
      });
      return `msg_${tail}`;
    },
  };
};
