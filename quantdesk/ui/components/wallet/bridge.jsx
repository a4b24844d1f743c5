// Takes a prepared transaction from the server, has the wallet sign it, hands the signed bytes back.
import { useEffect, useRef } from "react";
import { fromBase64, toBase64 } from "./bytes.js";
import { signTransaction } from "./wallets.js";

// Kept for the life of the tab: after a reload the server still shows the request whose answer was
// lost with the page, and a wallet must never be asked for the same signature again.
const ASKED = "qd-asked";

function isFirstAsk(intentId) {
  if (sessionStorage.getItem(ASKED) === intentId) return false;
  sessionStorage.setItem(ASKED, intentId);
  return true;
}

export function WalletBridge({ request, owner, onSigned, onRefused }) {
  const call = useRef({});
  call.current = { onSigned, onRefused };
  const { intent_id: intentId, transaction_b64: transaction } = request ?? {};
  useEffect(() => {
    if (!intentId || !isFirstAsk(intentId)) return;
    signTransaction(owner, fromBase64(transaction)).then(
      (signed) => call.current.onSigned?.(intentId, toBase64(signed)),
      (error) => call.current.onRefused?.(intentId, error?.message || "The wallet refused to sign."),
    );
  }, [intentId]);
  return null;
}
