import * as z from 'zod';

/** Calls that began, and of whom no request was sent yet: a person may have been asked first. */
const most = 200;

const begun = z.object({ tool: z.string(), sessionID: z.string(), callID: z.string() });

interface Begun {
  directory: string;
  tool: string;
  args: string;
  session: string;
  call: string;
}

/**
 * Which session and call of OpenCode a call of an MCP tool belongs to. OpenCode says it when a call begins and not to
 * its MCP client; what is put into the arguments is stored with the call and shown to people (opencode §10.4). So the
 * two are brought together by what both know: directory, tool and arguments.
 */
export const mcpCallers = () => {
  const waiting: Begun[] = [];
  return {
    /** The hook `tool.execute.before`. */
    begins: (directory: string, input: unknown, args: unknown): void => {
      const { success, data } = begun.safeParse(input);
      if (!success) return;
      const { tool, sessionID: session, callID: call } = data;
      waiting.push({ directory, tool, args: JSON.stringify(args ?? {}), session, call });
      if (waiting.length > most) waiting.shift();
    },
    /** Of several that are the same, the one that began last: an earlier one may have been refused by a person. */
    of: (directory: string, server: string, tool: string, args: unknown) => {
      const name = `${plain(server)}_${plain(tool)}`;
      const text = JSON.stringify(args ?? {});
      const at = waiting.findLastIndex(
        (each) => each.directory === directory && each.tool === name && each.args === text,
      );
      const [found] = at === -1 ? [] : waiting.splice(at, 1);
      return found && { session: found.session, call: found.call };
    },
  };
};

/** As OpenCode makes names of tools (opencode §10.4). */
const plain = (name: string): string => name.replace(/[^a-zA-Z0-9_-]/g, '_');
