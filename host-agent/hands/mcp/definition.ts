/** An MCP server of the person's configuration, as OpenCode has merged it (opencode §10.2). */
import * as z from 'zod';

const names = z.record(z.string(), z.string()).default({});
/** For being started or reached and for saying which tools it has: OpenCode gives as long where it does not say. */
export const usualStartMs = 30_000;
const timeout = z.number().positive().default(usualStartMs);

const local = z.object({
  type: z.literal('local'),
  command: z.array(z.string()).min(1),
  environment: names,
  /** Below the mission's directory, or absolute; that directory if absent. */
  cwd: z.string().optional(),
  timeout,
});
const remote = z.object({
  type: z.literal('remote'),
  url: z.url({ protocol: /^https?$/ }),
  headers: names,
  timeout,
});

export const mcpDefinition = z.discriminatedUnion('type', [local, remote]);
export type LocalDefinition = z.infer<typeof local>;
export type RemoteDefinition = z.infer<typeof remote>;

export const mcpServer = z.object({ name: z.string().min(1).max(200), definition: mcpDefinition });
export interface McpServer<Definition = z.infer<typeof mcpDefinition>> {
  /** As the configuration calls it. */
  name: string;
  definition: Definition;
}

/** What tells one server from another. */
export const keyOf = ({ name, definition }: McpServer): string => JSON.stringify([name, definition]);

const secretName = /key|token|secret|password|auth|credential|cookie|signature/i;

/** Values in a definition that nobody may see: no result may show them. */
export const secretsOf = ({ definition }: McpServer): string[] => {
  switch (definition.type) {
    case 'local':
      return [...secretValues(definition.environment), ...secretArguments(definition.command)];
    case 'remote': {
      const { password, searchParams } = new URL(definition.url);
      const inHeaders = secretValues(definition.headers);
      // The word in front of it (Bearer, Basic) is no part of a secret, which may be shown without that.
      const bare = inHeaders.flatMap((value) => value.split(' ').slice(1));
      return [...inHeaders, ...bare, decodeURIComponent(password), ...secretValues(Object.fromEntries(searchParams))];
    }
  }
};

const secretValues = (values: Readonly<Record<string, string>>): string[] =>
  Object.entries(values).flatMap(([name, value]) => (secretName.test(name) ? [value] : []));

/** Of `--api-key=…` and of `--api-key …`. */
const secretArguments = (command: readonly string[]): string[] =>
  command.flatMap((argument, index) => {
    if (!argument.startsWith('-') || !secretName.test(argument)) return [];
    const at = argument.indexOf('=');
    return [at === -1 ? (command[index + 1] ?? '') : argument.slice(at + 1)];
  });
