-- A payment in one call, all but its COMMIT. A procedure that daemons call stays as it is: one that does
-- more gets another name, since daemons of the version before go on calling this one. Inside it no empty
-- line may follow a ";".

DROP PROCEDURE IF EXISTS usher_pay;

-- Begins a transaction and leaves it to the caller to commit it, or to roll it back unless the outcome is OK.
-- Gives the outcome, by its name in src/codes.def, and with OK what the answer is made of, one row a seat.
-- Rows are locked in this order: key, reservation, balance.
CREATE PROCEDURE usher_pay(
  IN p_user BIGINT,
  IN p_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin,
  IN p_fingerprint BINARY(32),
  IN p_reservation BIGINT,
  IN p_queue VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin,
  IN p_place BIGINT
)
SQL SECURITY INVOKER
BEGIN
  DECLARE v_outcome VARCHAR(32) DEFAULT 'OK';
  DECLARE v_owner, v_concert, v_schedule, v_amount, v_balance, v_payment BIGINT;
  DECLARE v_queue VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin;
  DECLARE v_now DATETIME(3);
  START TRANSACTION;
  paying: BEGIN
    IF p_key <> '' THEN
      BEGIN
        -- The key was used; or its holder was waited for in vain, or is in a deadlock with another who wants it.
        DECLARE EXIT HANDLER FOR 1062, 1205, 1213 SET v_outcome = 'IN_PROGRESS';
        INSERT INTO idempotency (user_id, idem_key, fingerprint, created_at)
          VALUES (p_user, p_key, p_fingerprint, UTC_TIMESTAMP(3));
      END;
      IF v_outcome <> 'OK' THEN
        LEAVE paying;
      END IF;
    END IF;
    SELECT user_id, concert_id, schedule_id, queue, amount, status
      INTO v_owner, v_concert, v_schedule, v_queue, v_amount, v_status
      FROM reservations WHERE id = p_reservation FOR UPDATE;
    IF v_owner IS NULL OR v_owner <> p_user THEN
      SET v_outcome = 'RESERVATION_NOT_FOUND';
      LEAVE paying;
    ELSEIF v_queue <> p_queue THEN
      SET v_outcome = 'WRONG_QUEUE';
      LEAVE paying;
    ELSEIF v_status = 'PAID' THEN
      SET v_outcome = 'ALREADY_PAID';
      LEAVE paying;
    END IF;
    -- With the row locked, time decides here and nowhere else: this statement's own clock reading.
    -- The session that pays is kept, since it is the one to be ended.
    UPDATE reservations SET status = 'PAID', place = p_place
      WHERE id = p_reservation AND status = 'HELD' AND expires_at > UTC_TIMESTAMP(3);
    IF ROW_COUNT() <> 1 THEN
      SET v_outcome = 'RESERVATION_EXPIRED';
      LEAVE paying;
    END IF;
    UPDATE balances SET amount = LAST_INSERT_ID(amount - v_amount)
      WHERE user_id = p_user AND amount >= v_amount;
    IF ROW_COUNT() <> 1 AND v_amount > 0 THEN
      SET v_outcome = 'INSUFFICIENT_BALANCE';
      LEAVE paying;
    END IF;
    SET v_balance = LAST_INSERT_ID(), v_now = UTC_TIMESTAMP(3);
    INSERT INTO payments (reservation_id, user_id, amount, balance_after, paid_at)
      VALUES (p_reservation, p_user, v_amount, v_balance, v_now);
    SET v_payment = LAST_INSERT_ID();
    INSERT INTO ledger (user_id, kind, amount, balance_after, reservation_id, created_at)
      VALUES (p_user, 'PAYMENT', -v_amount, v_balance, p_reservation, v_now);
    INSERT INTO settlements (reservation_id, created_at) VALUES (p_reservation, v_now);
    IF p_key <> '' THEN
      UPDATE idempotency SET result_id = v_payment WHERE user_id = p_user AND idem_key = p_key;
    END IF;
  END paying;
  IF v_outcome = 'OK' THEN
    SELECT v_outcome, v_payment, v_balance, v_now, v_concert, v_schedule, v_amount, seat_id, price
      FROM reservation_seats WHERE reservation_id = p_reservation ORDER BY seat_id;
  ELSE
    SELECT v_outcome, 0, 0, NULL, 0, 0, 0, 0, 0;
  END IF;
END;
