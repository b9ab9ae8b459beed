import type { MissionId } from '../../../shared/ids.ts';
import type { Model, PromptPart } from '../../opencode/api/prompt.ts';
import type { MissionContext } from '../context.ts';

/** Providers take about 5 MB of base64 in one image. */
const maxImageBytes = 3.75 * 1024 * 1024;
/** More would make the prompt larger than OpenCode and providers take. */
const maxImages = 8;
const maxFiles = 100;

interface GivenFilesInput {
  mission: MissionId;
  owner: string;
  directory: string;
  /** What the person wrote. */
  content: string;
  model: Model;
  /** The prompt's own part; the ids of those behind it are made from it. */
  partID: string;
}

/**
 * The parts that the prompt gets after the person's own text: a note with the paths of the files that the text marks as
 * uploaded, and the images themselves for a model that takes images. The person's text is not changed. Part ids are
 * derived from the place of each mark, so that sending the prompt again gives the same prompt (protocol §1). Throws as
 * Client does.
 */
export const givenParts = async (context: MissionContext, input: GivenFilesInput): Promise<PromptPart[]> => {
  const given = await givenFiles(context, input);
  if (given.length === 0) return [];
  const list = given.map(({ path }) => `- ${path}`).join('\n');
  const note: PromptPart = {
    type: 'text',
    id: behind(input.partID, 0),
    synthetic: true,
    text: `Files the user gave with this message, as paths from your working directory:\n${list}`,
  };
  const images = given.filter(({ mime }) => mime !== null);
  if (images.length === 0 || !(await context.client.takesImages(input.directory, input.model))) return [note];
  return [
    note,
    ...images.map(
      ({ nth, name, mime, bytes }): PromptPart => ({
        type: 'file',
        id: behind(input.partID, 1 + nth),
        mime: mime ?? '',
        filename: name,
        url: `data:${mime};base64,${bytes?.toString('base64') ?? ''}`,
      }),
    ),
  ];
};

/** Sorts behind the prompt's own part, in this order: OpenCode orders parts by id. */
const behind = (partID: string, nth: number): string => `${partID}${nth.toString(16).padStart(2, '0')}`;

interface Given {
  /** Place of its mark among all. */
  nth: number;
  name: string;
  path: string;
  /** The image type; null when the file is not an image, or too large to be sent as one. */
  mime: string | null;
  bytes: Buffer | null;
}

/**
 * The files that are there of those named by `[Uploaded: <name>]`, which the web app puts into the text
 * (contract §2.10).
 */
const givenFiles = async (
  { givenFile }: MissionContext,
  { owner, mission, content }: GivenFilesInput,
): Promise<Given[]> => {
  const starts = [...content.matchAll(/\[Uploaded: /g)].slice(0, maxFiles);
  const given: Given[] = [];
  const seen = new Set<string>();
  for (const [nth, { index, 0: mark }] of starts.entries()) {
    const line = /^.*/.exec(content.slice(index + mark.length))?.[0] ?? '';
    // A name may hold a bracket itself: the shortest that is a file is meant.
    for (const { index: end } of line.matchAll(/\]/g)) {
      const name = line.slice(0, end);
      const isFull = given.filter(({ mime }) => mime !== null).length >= maxImages;
      const isNew = !name.includes('/') && !seen.has(name);
      const found = isNew ? await givenFile(owner, mission, name, isFull ? 0 : maxImageBytes) : null;
      if (!found) continue;
      seen.add(name);
      const mime = found.bytes ? imageType(found.bytes) : null;
      given.push({ nth, name, path: found.path, mime, bytes: mime ? found.bytes : null });
      break;
    }
  }
  return given;
};

/** By the first bytes: a provider refuses a whole prompt for one file that is not what its name says. */
const imageType = (bytes: Buffer): string | null => {
  const start = bytes.subarray(0, 12).toString('latin1');
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (start.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (/^GIF8[79]a/.test(start)) return 'image/gif';
  return start.startsWith('RIFF') && start.slice(8) === 'WEBP' ? 'image/webp' : null;
};
