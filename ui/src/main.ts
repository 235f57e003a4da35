import './styles/tokens.css';
import './styles/base.css';

let begun = false;

function begin() {
  if (begun) return;
  begun = true;
  void import('./start');
}

// The frame that stands in index.html is painted before what fills it is read. A hidden window paints nothing.
requestAnimationFrame(() => setTimeout(begin));
setTimeout(begin, 100);
