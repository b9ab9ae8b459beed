import { assertNever } from '../../../shared/errors.ts';
import { cutText } from '../../../shared/text.ts';
import { maxViewBytes, type View } from '../call/view.ts';

/** The same view, with as little left out as makes it small enough (`maxViewBytes`). */
export const fitView = (view: View): View => {
  let fitting = view;
  while (Buffer.byteLength(JSON.stringify(fitting)) > maxViewBytes) fitting = smaller(fitting);
  return fitting;
};

/** No path or pattern in a list of calls is read beyond this. */
const shownChars = 200;
const short = (text: string): string => cutText(text, shownChars);
const half = (text: string): string => cutText(text, Math.max(1, Math.floor(text.length / 2)));
const fewer = <T>(items: readonly T[]): T[] => items.slice(0, Math.floor(items.length / 2));

/** Each makes its longest part shorter, so that a few steps are enough. */
const smaller = (view: View): View => {
  switch (view.kind) {
    case 'shell': {
      const { tail, command } = view;
      // Of an output its end says how it went.
      const rest = tail.length > 2 ? `…${tail.slice(-Math.floor(tail.length / 2))}` : '';
      const parts = command.length > tail.length ? { command: half(command) } : { tail: rest };
      const names = {
        directory: short(view.directory),
        ...(view.background === undefined ? {} : { background: short(view.background) }),
        ...(view.signal === undefined ? {} : { signal: short(view.signal) }),
      };
      return { ...view, ...parts, ...names, isCut: true };
    }
    case 'edit': {
      const { diff, files } = view;
      const named = files.map((file) => ({
        ...file,
        path: short(file.path),
        ...(file.to === undefined ? {} : { to: short(file.to) }),
      }));
      const isDiffLonger = diff.length > JSON.stringify(named).length;
      return { ...view, ...(isDiffLonger ? { diff: half(diff) } : { files: fewer(named) }), isCut: true };
    }
    case 'search':
      return { ...view, pattern: short(view.pattern), path: short(view.path), files: fewer(view.files), isCut: true };
    case 'tree':
      return { ...view, path: short(view.path), names: fewer(view.names), isCut: true };
    case 'read':
    case 'image':
      return { ...view, path: half(view.path) };
    case 'fetch':
      return {
        ...view,
        url: half(view.url),
        mime: short(view.mime),
        ...(view.title === undefined ? {} : { title: short(view.title) }),
      };
    default:
      return assertNever(view);
  }
};
