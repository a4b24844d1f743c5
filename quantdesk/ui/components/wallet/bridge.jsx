// Takes a prepared transaction from the server, has the wallet sign it, hands the signed bytes back.
import { useEffect, useRef } from "react";
import { fromBase64, toBase64 } from "./bytes.js";
import { signTransaction } from "./wallets.js";

export function WalletBridge({ request, owner, onSigned, onRefused }) {
  const handled = useRef(new Set());
  const call = useRef({});
  call.current = { onSigned, onRefused };
  const { intent_id: intentId, transaction_b64: transaction } = request ?? {};
  useEffect(() => {
    if (!intentId || handled.current.has(intentId)) return;
    handled.current.add(intentId);
    signTransaction(owner, fromBase64(transaction)).then(
      (signed) => call.current.onSigned?.(intentId, toBase64(signed)),
      (error) => call.current.onRefused?.(intentId, error?.message || "The wallet refused to sign."),
    );
  }, [intentId]);
  return null;
}
