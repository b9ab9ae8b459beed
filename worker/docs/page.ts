import { html, raw } from 'hono/html';
import { failuresOf } from '../../shared/routes/failures.ts';
import type { Route, Who } from '../../shared/routes/route.ts';
import { routeGroups } from '../../shared/routes/routes.ts';
import { fieldsOf, schemaOf } from './schemas.ts';

/** The one style of the page; its hash is in the page's policy. */
export const style = `
:root { color-scheme: light dark; --line: #8885; --soft: #8882; --accent: light-dark(#0b57d0, #8ab4f8); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
nav { display: flex; flex-wrap: wrap; gap: .25rem .75rem; }
a { color: var(--accent); }
h2 { margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line); }
details { border-bottom: 1px solid var(--line); padding: .4rem 0; }
summary { cursor: pointer; overflow-wrap: anywhere; }
summary b { display: inline-block; min-width: 3.7rem; color: var(--accent); font-size: .8rem; }
summary span { opacity: .75; margin-left: .3rem; }
details p { margin: .3rem 0 .3rem 1rem; }
pre { margin: .3rem 0 .3rem 1rem; padding: .6rem; background: var(--soft); border-radius: .4rem; overflow-x: auto; font-size: .8rem; }
`;

const who: Record<Who, string> = {
  public: 'everybody',
  user: 'users',
  resident: 'users who have a mission there',
  admin: 'admins',
  host: 'servers',
  launcher: 'the launcher',
};

/** The declared routes as one page: readable without scripts, in both themes and on a phone. */
export const docsPage = () => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Open Agent API</title>
<style>${raw(style)}</style>
</head>
<body>
<header>
<h1>Open Agent API</h1>
<p>Send <code>Authorization: Bearer &lt;token&gt;</code> with a token of <code>POST /api/auth/login</code>. Failures are one line of plain
text for people. The same as data: <a href="/api/openapi.json">openapi.json</a>.</p>
<nav>${Object.keys(routeGroups).map((name) => html`<a href="#${name}">${name}</a> `)}</nav>
</header>
<main>
${Object.entries(routeGroups).map(
  ([name, routes]) => html`<h2 id="${name}">${name}</h2>
${routes.map(entry)}`,
)}
</main>
</body>
</html>`;

const entry = (route: Route) => html`<details>
<summary><b class="${route.method}">${route.method}</b> <code>${route.path}</code> <span>${route.summary}</span></summary>
<p>For ${who[route.who]}.</p>
${fields('Path', route.params)}
${fields('Query', route.query)}
${body(route)}
${answer(route)}
${Object.entries(failuresOf(route)).map(([status, reason]) => html`<p><b>${status}</b> ${reason}</p>`)}
</details>
`;

const fields = (where: string, schema: Route['query']) =>
  fieldsOf(schema).map(
    ({ name, isRequired }) => html`<p>${where}: <code>${name}</code>${isRequired ? '' : ', may be missing'}</p>`,
  );

const body = ({ body }: Route) => {
  if (!body) return '';
  if (body.kind === 'form') return html`<p>Body: ${body.about}</p>`;
  return html`<p>Body${body.kind === 'optional' ? ', may be missing' : ''}:</p>${code(schemaOf(body.schema, 'input', {}))}`;
};

const answer = ({ answer }: Route) =>
  answer.kind === 'json'
    ? html`<p>Answer:</p>${code(schemaOf(answer.schema, 'output', {}))}`
    : html`<p>Answer: ${answer.about}</p>`;

const code = (schema: object) => html`<pre>${JSON.stringify(schema, null, 1)}</pre>`;
