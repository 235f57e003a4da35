/** A field takes no more than the engine does. A page that lays out a text of megabytes stands still meanwhile, so what is
 * too long is kept out and said, rather than taken and refused. */
import type { Refusal } from '../api/api';

const size = (text: string) => new TextEncoder().encode(text).length;

/** Keeps out of the field what would make its text longer than so many bytes; `onover` gets how many those would be. */
export function bounded(most: number, onover: (bytes: number) => void) {
  return (field: HTMLTextAreaElement) => {
    function keepOut(event: Event, more: string) {
      const { value, selectionStart, selectionEnd } = field;
      // No letter has more than three bytes to a unit of its length.
      if (more === '' || (value.length + more.length) * 3 <= most) return;
      const bytes = size(value.slice(0, selectionStart)) + size(more) + size(value.slice(selectionEnd));
      if (bytes <= most) return;
      event.preventDefault();
      onover(bytes);
    }
    // A paste is looked at before the engine of the page makes anything of it, which takes most of the time.
    const onpaste = (event: ClipboardEvent) => keepOut(event, event.clipboardData?.getData('text/plain') ?? '');
    const onbeforeinput = (event: InputEvent) => keepOut(event, event.data ?? event.dataTransfer?.getData('text/plain') ?? '');
    field.addEventListener('paste', onpaste);
    field.addEventListener('beforeinput', onbeforeinput);
    return () => {
      field.removeEventListener('paste', onpaste);
      field.removeEventListener('beforeinput', onbeforeinput);
    };
  };
}

/** What is said then, in the engine's words. */
export function tooLong(what: string, bytes: number, most: number): Refusal {
  const message = `${what} would have ${bytes} bytes; at most ${most} are possible`;
  return { code: 'words_too_long', message, hint: 'put the details into a file of the project and name it' };
}
