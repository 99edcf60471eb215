namespace Refinery.Kernel.Storage;

/// <summary>The transaction of a unit that is written beside the groups.</summary>
internal static class AsideTransaction
{
    /// <summary>Runs the unit, has told what it tells, and commits.</summary>
    public static async Task<bool> RunAsync(SqlSession session, Func<SqlSession, Task> unit, Notices notices)
    {
        await using var transaction = await session.Connection.BeginTransactionAsync();
        session.Transaction = transaction;
        try
        {
            await unit(session);
            await notices.SendAsync(session);
            await session.FlushAsync();
            await transaction.CommitAsync();
            return true;
        }
        finally
        {
            await session.SettleAsync();
            session.Transaction = null;
            session.Forget();
        }
    }
}
