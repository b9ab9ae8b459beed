/** An MCP server that was taken out of OpenCode's configuration. */
export interface Taken {
  /** Directory of the instance of OpenCode. */
  directory: string;
  name: string;
  /** Its entry as it was, with what is secret in it. */
  definition: unknown;
}

/** A host that no name server knows: requests to it go to the hands (mcp-fetch.ts), or nowhere. */
export const handsHost = 'open-agent-hands.invalid';

/** What OpenCode may wait for without a sign of life; the hands give one every ten seconds (opencode §9). */
const signOfLifeMs = 60_000;
/** What OpenCode gives a server for its start, and what is added so that the hands, who keep that limit, say why. */
const usualStartMs = 30_000;
const moreMs = 30_000;

/**
 * Takes the MCP servers out of a configuration that OpenCode has merged, in place: it would start the local ones as
 * itself, with its password in their environment. Under each name there is one on the hands afterwards, which OpenCode
 * asks for the same tools. `takes` is told of each.
 */
export const takeServers = (config: unknown, directory: string, takes: (url: string, taken: Taken) => void): void => {
  if (!isRecord(config) || !isRecord(config.mcp)) return;
  const servers = config.mcp;
  for (const [name, entry] of Object.entries(servers)) {
    // Without a type it is only a switch, which OpenCode leaves out.
    if (!isRecord(entry) || !('type' in entry)) continue;
    const url = `http://${handsHost}/?${new URLSearchParams({ directory, server: name })}`;
    const startMs = typeof entry.timeout === 'number' ? entry.timeout : usualStartMs;
    const { enabled = true, ...definition } = entry;
    takes(url, { directory, name, definition });
    servers[name] = { type: 'remote', url, oauth: false, enabled, timeout: Math.max(signOfLifeMs, startMs + moreMs) };
  }
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
