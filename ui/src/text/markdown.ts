/** What agents write in Markdown, as safe HTML: a small set of tags without attributes, no images, no links that do
 * anything. Two libraries do it: marked makes HTML, DOMPurify takes away all that is not in the set. */
import DOMPurify from 'dompurify';
import { Marked } from 'marked';

import { clean } from './clean';

/** Longer texts are shown as they are. */
export const LONGEST = 60_000;

/** What marks up; a text that is full of it takes a parser very long, or more stack than there is. */
const MARKS = /[*_[\]<>~]/g;
const MOST_MARKS = 2_000;

const marked = new Marked({ gfm: true, breaks: false });
marked.use({
  renderer: {
    // Where a link leads stands beside it, as text: nothing is opened from here.
    link({ href, tokens }) {
      const text = this.parser.parseInline(tokens);
      const plain = text.replace(/<[^>]*>/g, '');
      return plain === href ? escape(href) : `${text} (${escape(href)})`;
    },
    image({ href, text }) {
      return escape(`${text} (image: ${href})`);
    },
    // HTML inside Markdown is text.
    html({ text }) {
      return escape(text);
    },
  },
});

const TAGS = ['p', 'br', 'b', 'strong', 'i', 'em', 'del', 'code', 'pre', 'ul', 'ol', 'li', 'blockquote', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'table', 'thead', 'tbody', 'tr', 'th', 'td'];

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** A fragment of elements that holds nothing but text; null where the text is too long, is no text that somebody wrote
 * to be read, or nothing can purify it. */
export function markdown(text: string): DocumentFragment | null {
  if (text.length > LONGEST || !DOMPurify.isSupported) return null;
  if ((text.match(MARKS)?.length ?? 0) > MOST_MARKS) return null;
  let html: string;
  try {
    html = marked.parse(clean(text), { async: false });
  } catch {
    return null;
  }
  return DOMPurify.sanitize(html, { ALLOWED_TAGS: TAGS, ALLOWED_ATTR: [], ALLOW_DATA_ATTR: false, ALLOW_ARIA_ATTR: false, KEEP_CONTENT: true, RETURN_DOM_FRAGMENT: true });
}
