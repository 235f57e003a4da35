/** For all tests: what must come in the end may take its time on a busy machine. */
import { configure } from '@testing-library/svelte';

configure({ asyncUtilTimeout: 10_000 });
