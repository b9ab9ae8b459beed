import { expect, test } from 'vitest';
import { readHtml } from '../../host-agent/hands/fetching/html.ts';

const read = async (html: string, asMarkdown = true) =>
  (await readHtml(html, { asMarkdown, rest: async () => undefined })).text;

test.each([
  ['<h1>One</h1><p>Two</p>three', '# One\n\nTwo\n\nthree'],
  ['a <b> bold </b>,<i></i> <em>so</em>', 'a **bold** , *so*'],
  ['<b>a <strong>b</strong> c</b>', '**a b c**'],
  ['see <a href="/x y">the  page</a>.', 'see [the page](/x%20y).'],
  ['<a href="#top">up</a> <a href="javascript:x()">do</a> <a href="/x"></a>', 'up do'],
  ['<img src="a.png" alt="A"><img src="data:image/png;base64,xx" alt="B"><img alt="">', '![A](a.png)B'],
  ['<ul><li>a<ul><li>b</ul><li>c</ul>', '- a\n  - b\n- c'],
  ['<ol start="9"><li><p>a</p><p>b</p><li>c</ol>', '9. a\n   b\n10. c'],
  ['<blockquote><p>a</p><p>b</p></blockquote>', '> a\n> b'],
  ['<pre><code class="language-js">if (a) {\n\n  b\n}</code></pre>after', '```js\nif (a) {\n\n  b\n}\n```\n\nafter'],
  ['use <code>a  b</code>', 'use `a b`'],
  ['<table><tr><th>k<th>v<tr><td>1<td><p>2</p>|</table>', '| k | v |\n| --- | --- |\n| 1 | 2 \\| |'],
  ['a<br>b<hr>c', 'a\nb\n\n---\n\nc'],
  ['&lt;p&gt; &amp;copy; &copy; &#233;', '<p> &copy; © é'],
  ['<style>x</style><script>"</p>"</script>a<noscript>b</noscript><svg><text>c</text></svg>', 'a'],
  ['<del>a</del></b></li></td></a>b', '~~a~~b'],
])('%j as Markdown', async (html, markdown) => {
  expect(await read(html)).toBe(markdown);
});

test('as text there are no marks, and the same breaks', async () => {
  const html = '<h1>One</h1><p><b>Two</b> <a href="/x">three</a></p><ul><li>a<li>b</ul><img src="x" alt="picture">';

  expect(await read(html, false)).toBe('One\n\nTwo three\n\n- a\n- b\n\npicture');
});

test('a page has its title', async () => {
  const { title, text } = await readHtml('<head><title>A &amp;\n B</title></head><svg><title>no</title></svg>x', {
    asMarkdown: true,
    rest: async () => undefined,
  });

  expect({ title, text }).toEqual({ title: 'A & B', text: 'x' });
});

test('a page that opens a million elements ends, and says what is missing', async () => {
  expect(await read(`start${'<div>'.repeat(1_000_000)}end`)).toMatch(
    /^start\s+\[The rest of this page is nested too deep/,
  );
});
