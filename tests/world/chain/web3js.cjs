// Unmodified @solana/web3.js and @solana/spl-token against the chain at process.argv[2]; prints one JSON report.
const web3 = require("@solana/web3.js");
const spl = require("@solana/spl-token");

const SOL = web3.LAMPORTS_PER_SOL;

function nextNotification(subscribe) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("no notification in 10 s")), 10_000);
    subscribe((...values) => { clearTimeout(timer); resolve(values); });
  });
}

async function transferSol(connection, payer, to, lamports) {
  const move = web3.SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: to, lamports });
  return web3.sendAndConfirmTransaction(connection, new web3.Transaction().add(move), [payer]);
}

async function refusedTransfer(connection, payer, to) {
  try {
    await transferSol(connection, payer, to, 1_000_000 * SOL);
    return null;
  } catch (error) {
    return { name: error.constructor.name, message: error.message, logs: error.logs };
  }
}

async function versioned(connection, payer, to) {
  const { blockhash, lastValidBlockHeight } = await connection.getLatestBlockhash();
  const [create, table] = web3.AddressLookupTableProgram.createLookupTable({
    authority: payer.publicKey, payer: payer.publicKey, recentSlot: await connection.getSlot("finalized"),
  });
  const extend = web3.AddressLookupTableProgram.extendLookupTable({
    authority: payer.publicKey, payer: payer.publicKey, lookupTable: table, addresses: [to],
  });
  await web3.sendAndConfirmTransaction(connection, new web3.Transaction().add(create, extend), [payer]);
  await new Promise((resolve) => setTimeout(resolve, 900)); // a table may be used one slot after it grew
  const { value } = await connection.getAddressLookupTable(table);
  const message = new web3.TransactionMessage({
    payerKey: payer.publicKey, recentBlockhash: blockhash,
    instructions: [web3.SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: to, lamports: SOL })],
  }).compileToV0Message([value]);
  const transaction = new web3.VersionedTransaction(message);
  transaction.sign([payer]);
  const signature = await connection.sendTransaction(transaction);
  await connection.confirmTransaction({ signature, blockhash, lastValidBlockHeight });
  const landed = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 });
  return { version: landed.version, loaded: landed.meta.loadedAddresses.writable.map(String), to: String(to) };
}

async function main() {
  const connection = new web3.Connection(process.argv[2], "confirmed");
  const payer = web3.Keypair.generate();
  const other = web3.Keypair.generate();
  const report = { version: await connection.getVersion() };

  const airdrop = await connection.requestAirdrop(payer.publicKey, 100 * SOL);
  await connection.confirmTransaction({ signature: airdrop, ...(await connection.getLatestBlockhash()) });
  const changed = nextNotification((hear) => connection.onAccountChange(other.publicKey, hear));
  const logged = nextNotification((hear) => connection.onLogs(other.publicKey, hear));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const signature = await transferSol(connection, payer, other.publicKey, 2 * SOL);
  report.balances = [await connection.getBalance(payer.publicKey), await connection.getBalance(other.publicKey)];
  report.accountChange = (await changed)[0].lamports;
  report.logs = (await logged)[0].logs;
  report.refused = await refusedTransfer(connection, payer, other.publicKey);

  const landed = await connection.getParsedTransaction(signature, { maxSupportedTransactionVersion: 0 });
  report.landed = { err: landed.meta.err, fee: landed.meta.fee, post: landed.meta.postBalances.slice(0, 2) };
  report.history = (await connection.getSignaturesForAddress(other.publicKey)).map((row) => row.signature === signature);
  const block = await connection.getBlock(landed.slot, { maxSupportedTransactionVersion: 0 });
  report.inBlock = block.transactions.some((row) => row.transaction.signatures[0] === signature);

  const programChange = nextNotification((hear) => connection.onProgramAccountChange(spl.TOKEN_PROGRAM_ID, hear));
  const mint = await spl.createMint(connection, payer, payer.publicKey, null, 6);
  report.programChange = (await programChange)[0].accountId.toBase58() === mint.toBase58();
  const mine = await spl.getOrCreateAssociatedTokenAccount(connection, payer, mint, payer.publicKey);
  const theirs = await spl.getOrCreateAssociatedTokenAccount(connection, payer, mint, other.publicKey);
  await spl.mintTo(connection, payer, mint, mine.address, payer, 1_500_000);
  const sent = await spl.transfer(connection, payer, mine.address, theirs.address, payer, 400_000);
  const parsed = await connection.getParsedAccountInfo(theirs.address);
  report.parsedAccount = parsed.value.data.parsed.info.tokenAmount;
  report.owned = (await connection.getParsedTokenAccountsByOwner(payer.publicKey, { mint })).value
    .map((row) => row.account.data.parsed.info.tokenAmount.uiAmountString);
  report.supply = (await connection.getTokenSupply(mint)).value.uiAmountString;
  const moved = await connection.getTransaction(sent, { maxSupportedTransactionVersion: 0 });
  report.tokenBalances = [moved.meta.preTokenBalances, moved.meta.postTokenBalances]
    .map((rows) => rows.map((row) => row.uiTokenAmount.amount).sort());
  report.lookup = await versioned(connection, payer, web3.Keypair.generate().publicKey);
  console.log(JSON.stringify(report));
  process.exit(0);
}

main().catch((error) => { console.error(error); process.exit(1); });
