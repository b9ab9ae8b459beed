import { docsRoutes } from '../../shared/routes/docs.ts';
import { openApi } from '../docs/openapi.ts';
import { docsPage, style } from '../docs/page.ts';
import { on, type Served } from '../http/on.ts';
import { pageHeaders } from '../http/page.ts';

/** The API's own description. Public, like the sources it is made from. */
export const docs: Served[] = [
  on(docsRoutes.openapi, openApi),
  on(docsRoutes.page, async ({ c }) => c.html(await docsPage(), 200, pageHeaders(style))),
];
