// Rendered on the server at each request, with the package imported there as well.
import { connection } from 'next/server';
import Talk from './talk';

export default async function Page() {
  await connection();
  return <Talk />;
}
