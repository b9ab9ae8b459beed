/** The commands about what turns changed in files: what they take and how they end. */
import { Argument, type Command } from 'commander';

interface Adding {
  add(name: string, summary: string, description: string): Command;
  withEdge(command: Command): Command;
  end(command: () => Promise<unknown>): Promise<void>;
  environment: NodeJS.ProcessEnv;
}

/** Adds changes, diff and undo. */
export const addChangeCommands = ({ add, withEdge, end, environment }: Adding): void => {
  const turn = ['--turn <id>', 'of this turn, message or undo alone; the beginning of its id is enough'] as const;

  withEdge(
    add(
      'changes',
      'list what a mission changed in its files',
      'List the turns and undos of a mission, the newest first, and the files that are not what they were before its first turn.',
    ),
  )
    .addArgument(missionId())
    .option(...turn)
    .option('--json', 'print it as a JSON object')
    .action((id, options) =>
      end(async () => (await import('../cli/missions/changes.ts')).changes(id, options, environment)),
    );

  withEdge(
    add(
      'diff',
      'show what a mission changed in its files',
      'Show what a mission changed in its files, as unified diffs.',
    ),
  )
    .addArgument(missionId())
    .option(...turn)
    .option('--path <path>', 'of this file alone')
    .option('--json', 'print each file as a JSON object on a line')
    .action((id, options) =>
      end(async () => (await import('../cli/missions/changes.ts')).diff(id, options, environment)),
    );

  withEdge(
    add(
      'undo',
      'put back what a turn changed in files',
      'Put back what the last turn that changed something, and was not undone yet, changed in files. An undo can be undone.',
    ),
  )
    .addArgument(missionId())
    .argument('[paths...]', 'only these files')
    .option(...turn)
    .option('--force', 'also files that were changed since; what they are now is kept')
    .action((id, paths, options) =>
      end(async () => (await import('../cli/missions/changes.ts')).undo(id, paths, options, environment)),
    );
};

export const missionId = (): Argument =>
  new Argument('<id>', 'of the mission; the beginning is enough where only one begins so');
