// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';

import { LONGEST, markdown } from './markdown';

function html(text: string): string {
  const box = document.createElement('div');
  box.append(markdown(text)!);
  return box.innerHTML;
}

describe('Markdown of an agent', () => {
  it('keeps its form', () => {
    expect(html('## Plan\n\n1. **one**\n2. `two`\n\n```rust\nfn f() {}\n```')).toBe('<h2>Plan</h2>\n<ol>\n<li><strong>one</strong></li>\n<li><code>two</code></li>\n</ol>\n<pre><code>fn f() {}\n</code></pre>\n');
  });

  it('brings nothing along that could run, load or lead away', () => {
    const hostile = [
      '<script>window.hacked = 1</script>',
      '<img src=x onerror="window.hacked=1">',
      '<svg onload=alert(1)><a href="javascript:alert(1)">x</a></svg>',
      '[x](javascript:alert(1))',
      '[safe](https://example.com/a?b=1&c=2 "t")',
      '![i](https://example.com/i.png)',
      '<iframe srcdoc="<script>1</script>"></iframe>',
      '<div style="position:fixed">over</div>',
      '`<b onclick=x>`',
      '<a href="data:text/html,1">d</a>',
      '\u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007 \u202Erev',
    ].join('\n\n');
    const box = document.createElement('div');
    box.append(markdown(hostile)!);
    expect(box.querySelectorAll('script, img, svg, iframe, a, style, div, form, input').length).toBe(0);
    expect([...box.querySelectorAll('*')].flatMap((element) => [...element.attributes])).toEqual([]);
    expect(box.textContent).toContain('safe (https://example.com/a?b=1&c=2)');
    expect(box.textContent).toContain('<script>window.hacked = 1</script>');
    expect(box.textContent).not.toMatch(/[\u202e\u001b]/);
    expect('hacked' in window).toBe(false);
  });

  it('that is very long is left as it is', () => {
    expect(markdown('x'.repeat(LONGEST + 1))).toBeNull();
  });

  it('that would take a parser too long, or too deep, is left as it is', () => {
    for (const mark of ['>', '[', '_a', '*a ', '![', '<', '- ', '[a](', '`']) {
      const text = mark.repeat(LONGEST / mark.length);
      const begun = performance.now();
      markdown(text);
      expect(performance.now() - begun, mark).toBeLessThan(10_000);
    }
    expect(markdown('>'.repeat(20_000))).toBeNull();
    expect(markdown('> '.repeat(1_900))).toBeDefined();
  });
});
