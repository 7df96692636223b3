// The calculator: two numbers and an operation, and what the server makes of them.

import { byId, onSubmit } from './dom.js';
import { write } from './values.js';
import { whyFailed } from './words.js';

// What the form does while there is a connection.
let calculate = null;

/** Calculates with `demo` from now on; returns a function that ends it. */
export function startCalculator(demo) {
  calculate = () => {
    const [left, right] = [byId('left'), byId('right')].map((input) => input.valueAsNumber);
    const operation = byId('operation');
    const sign = operation.selectedOptions[0].textContent;
    demo.calculate(operation.value, left, right, (error, result) => {
      byId('result').textContent = error ? '' : `${left} ${sign} ${right} = ${write(result)}`;
      byId('calculator-problem').textContent = error ? whyFailed(error) : '';
    });
  };
  return () => {
    calculate = null;
  };
}

onSubmit(byId('calculate'), () => calculate?.());
