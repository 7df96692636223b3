'use client';
import { useEffect } from 'react';
import { run } from '../src/page-and-worker.js';
import { report } from '../src/talk.js';

export default function Talk() {
  useEffect(() => {
    report(run);
  }, []);
  return <p>Rendered</p>;
}
