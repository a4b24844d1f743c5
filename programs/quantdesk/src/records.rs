//! Records behind accounts that may be empty: read when one of ours is there, written, closed.

use anchor_lang::prelude::*;
use anchor_lang::system_program;

/// The record in `info`, when the program keeps one of this kind there.
pub fn read<T: AccountDeserialize>(info: &AccountInfo) -> Option<Box<T>> {
    if *info.owner != crate::ID {
        return None;
    }
    let data = info.try_borrow_data().ok()?;
    T::try_deserialize(&mut &data[..]).ok().map(Box::new)
}

pub fn write<T: AccountSerialize>(info: &AccountInfo, record: &T) -> Result<()> {
    let mut data = info.try_borrow_mut_data()?;
    record.try_serialize(&mut &mut data[..])
}

/// Ends the record; its rent goes to `receiver`.
pub fn close(info: &AccountInfo, receiver: &AccountInfo) -> Result<()> {
    receiver.add_lamports(info.lamports())?;
    info.sub_lamports(info.lamports())?;
    info.assign(&system_program::ID);
    info.resize(0)?;
    Ok(())
}
