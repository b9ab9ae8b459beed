// Files: downloads with every condition of RFC 9110, what lies outside, names that are odd.
import { finished } from '../routes/fixtures.ts';
import { stack } from '../stage.ts';
import { as, asEach, post } from './everybody.ts';
import { exchange } from './exchange.ts';
import type { Masking } from './mask.ts';
import { record } from './writing.ts';

export const files = async (mask: Masking): Promise<void> => {
  const directory = stack().missionDirectory(await finished());
  const path = `/api/fs/download?path=${encodeURIComponent(`${directory}/a.txt`)}`;
  const whole = await exchange(await as('ada', { method: 'GET', path }));
  const header = (name: string): string => whole.headers.find(([own]) => own === name)?.[1] ?? '';
  const [etag, changed] = [header('etag'), header('last-modified')];
  const texts: [string, string[]][] = [
    ['range', ['bytes=0-0', 'bytes=-1', 'bytes=1-', 'bytes=9-', 'bytes=0-0,0-0', 'lines=1', 'bytes=x']],
    ...['if-none-match', 'if-match'].map((name): [string, string[]] => [
      name,
      [etag, '"other"', '*', `W/${etag}`, `"a", ${etag}`],
    ]),
    ...['if-modified-since', 'if-unmodified-since'].map((name): [string, string[]] => [
      name,
      [changed, 'Thu, 01 Jan 1970 00:00:00 GMT', 'x'],
    ]),
  ];
  const conditions: Record<string, string>[] = [
    ...texts.flatMap(([name, values]) => values.map((value) => ({ [name]: value }))),
    ...[etag, '"other"'].map((text) => ({ range: 'bytes=0-0', 'if-range': text })),
  ];
  const hidden: Masking = (text) =>
    mask(
      text
        .replaceAll(etag.replaceAll('"', '').replace('W/', ''), 'etag')
        .replaceAll(changed, '<changed>')
        .replaceAll(/"size":4096|last-modified: .*/g, (own) =>
          own.startsWith('last') ? 'last-modified: <time>' : own,
        ),
    );
  for (const method of ['GET', 'HEAD'])
    for (const headers of [{}, ...conditions]) await record(await as('ada', { method, path, headers }), 'ada', hidden);
  for (const outside of ['/etc/passwd', '/etc', '/etc/shadow', '/root', '/nowhere'])
    for (const what of ['download', 'list'])
      await asEach(
        { method: 'GET', path: `/api/fs/${what}?path=${outside}` },
        (text) => hidden(/^## GET .*list/.test(text) ? text.replaceAll(/^\[\{.*/gm, '[a list]') : text),
        ['bob'],
      );
  for (const [name, type] of [
    ['ü "x";%.PNG', 'image/png'],
    ['a.html', 'text/html'],
    ['plain', ''],
  ]) {
    const form = new FormData();
    form.append('file', new Blob(['given'], { type: type ?? '' }), name ?? '');
    await record(
      await as('ada', {
        method: 'POST',
        path: `/api/fs/upload?path=${encodeURIComponent(`${directory}/`)}`,
        body: form,
      }),
      'ada',
      hidden,
    );
    await asEach(
      { method: 'GET', path: `/api/fs/download?path=${encodeURIComponent(`${directory}/${name}`)}` },
      hidden,
      ['bob', 'ada'],
    );
  }
  for (const [what, body] of Object.entries({ mkdir: { path: `${directory}/x/y` }, rm: { path: `${directory}/x` } }))
    await asEach(post(`/api/fs/${what}`, body), hidden);
  await asEach(post('/api/fs/rm', { path: `${directory}/x`, recursive: true }), hidden);
};
