namespace Refinery.Kernel.Storage;

/// <summary>The transaction of a unit that is written beside the groups.</summary>
internal static class AsideTransaction
{
    /// <summary>Runs the unit, has told what it tells, and commits.</summary>
    public static async Task<bool> RunAsync(SqlSession session, Func<SqlSession, Task> unit, Notices notices)
    {
        session.Transaction.Begin();
        try
        {
            await unit(session);
            await notices.SendAsync(session);
            await session.Transaction.CommitAsync();
            return true;
        }
        finally
        {
            // After a fault the session is closed, and the transaction with it.
            await session.Transaction.SettleAsync();
            session.Forget();
        }
    }
}
