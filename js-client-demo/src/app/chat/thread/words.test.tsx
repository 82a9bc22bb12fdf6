// @vitest-environment happy-dom
import { cleanup, render } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { Words } from './Words';

afterEach(cleanup);

test('what somebody has written runs in the direction of its own words', () => {
  const { container } = render(<Words>שלום, *עולם*</Words>);

  expect(container.querySelector('.words')?.getAttribute('dir')).toBe('auto');
});
