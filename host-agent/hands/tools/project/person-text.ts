import { makeTool } from '../../call/tool.ts';
import { personText as declared } from '../../declared/project.ts';
import { fitView } from '../fit-view.ts';
import { mentionedFiles } from './mentions.ts';
import { calledCommand, filled, projectCommand } from './template.ts';

/** A person's text with what it names put in. `metadata` says what that was (opencode/plugin/person-text). */
export const personTextTool = makeTool(declared, async ({ text, template }, situation) => {
  const command = calledCommand(text);
  const own = command && (await projectCommand(situation, command.name));
  const used = own?.template ?? template ?? null;
  const said = command && used !== null ? filled(used, command.given) : text;
  const mentioned = await mentionedFiles(situation, said);
  const view = { kind: 'read', path: '.', firstLine: 0, lastLine: 0, totalLines: null, bytes: said.length } as const;
  return {
    kind: 'done',
    title: command?.name ?? '',
    text: said,
    images: mentioned.flatMap(({ images }) => images),
    view: fitView(view),
    metadata: {
      unknown: command && used === null ? command.name : null,
      agent: own?.agent ?? null,
      model: own?.model ?? null,
      files: mentioned.map(({ path, text, images }) => ({ path, text, images: images.length })),
    },
  };
});
